// Package e2e tests Dripline from outside: the two programs as they are shipped, as processes with
// ports and files of their own, killed and started again, with mail going to a catcher that outlives
// them. It has tests only.
//
// A real slot begins on the hour of the team's zone and lasts an hour. So that a test need not wait
// for one, its team lives in a zone whose clock reads a full hour within the next minute or two:
// ZONEINFO, which Go's time package reads, names a folder with sixty such zones, one for each minute.
// The programs, their clock and Temporal's are left as they are.
//
// What takes days runs on a skipped clock instead, with the server and the worker in a process of
// their own that is killed again and again at chosen instants of the SMTP dialogue.
//
// Three books are compared in the end: the mail catcher's, the ledger's and the report's.
package e2e
