// Package smtp hands one message to an account's mail server and says truthfully what became of it.
//
// The verdict is the truth, never a guess: Delivered only if the server took responsibility, and
// OutcomeUnknown wherever it may have. No message is ever handed over twice in here: what is tried
// again by this package itself is only a connection that turns out to be gone before a message's
// sender was named.
//
// What an answer means, by the stage it answers. "Limit" and "421" go first, at every stage.
//
//	stage                          2xx, 3xx   4xx            5xx            lost, silent or garbled
//	connect, greeting, EHLO,
//	STARTTLS, certificate, AUTH    go on      AccountFault   AccountFault   AccountFault
//	MAIL FROM                      go on      AccountFault   AccountFault   AccountFault
//	RCPT TO                        go on      Deferred       Rejected       AccountFault
//	DATA                           go on      Deferred       Rejected       AccountFault
//	body                                      Deferred       Rejected       AccountFault
//	final dot                      Delivered  Deferred       Rejected       OutcomeUnknown
//
//	421                            AccountFault, and the connection is gone
//	limit                          AccountFault: 421 4.7.x, 432 4.3.2, 450 4.2.1, 452 (but not 452
//	                               4.2.2, the contact's mailbox being full), 454 4.7.0, 550 5.4.5
//	login wanted                   AccountFault: 530, 534, 535, 538
//	sender refused                 AccountFault: x.1.7 and x.1.8, which are about the sender wherever
//	                               they come; 553 5.7.1, which says that the login does not own it
//
// Many servers judge the login and the sender only at RCPT TO: hence the last two rows. 552 (mailbox
// full, message too big) is what 5xx is: with one recipient a message, the old rule that a client
// shall read it as 452 has no case left.
//
// Only a whole line that begins with a three-digit code is an answer. Half a line before the
// connection broke is not, whatever it begins with; neither is a code that cannot answer the command
// (a 250 to DATA). What the server does after the answer to the final dot (to RSET, to QUIT, or
// closing the connection) changes nothing any more.
//
// "Lost before the final dot" is exact: the last bytes of a message, with its final dot, leave in one
// write, and a write that failed did not hand over its last byte. What failed in the middle of a body
// is cut off at the socket: saying QUIT there would complete half a message.
//
// Refused before the server sees any of it: a message above the server's SIZE, an address that needs
// SMTPUTF8 where it is not offered, a body that needs 8BITMIME where it is not offered, an address
// that cannot stand in an envelope. Rejected, or AccountFault if it is the account's own address.
//
// Waiting. RetryAfter is 15 minutes for what somebody has to mend (login, certificate, sender), 5 or 15
// for limits and an hour for a day's quota, 1 minute for connections (growing is the caller's part),
// and nothing for what the caller itself stopped.
//
// One delivery never takes longer than Timeouts allow in sum: 6 minutes until the body, 3 for the
// body, 10 for the answer to the final dot (RFC 5321 4.5.3.2.6), 19 in all.
//
// There is no PIPELINING: the dialogue costs four round trips a message, and every answer is read
// before the next step depends on it.
package smtp
