// Package drip holds the words of Dripline as types: account, contact, sequence, step, engagement,
// slot, calendar, quota, plan, booking, message and report. Every other package speaks in them.
//
// The types carry data and the rules that need nothing but that data. Nothing here reads a file, a
// clock or a network, and nothing outside the standard library is imported, so that workflow code
// may use all of it.
package drip
