// Package roster reads the contacts file and decides, row by row, who can be written to, from which
// account, and who is held and why.
//
// It streams: one pass over the file in batches, in the order of the file, with memory for the
// addresses seen and no more. The outcome depends on the file, the options and the seed alone, so
// that preview, plan and engagement, which each make a pass of their own, agree.
//
// What is wrong with a row's content (an address, an owner, a missing variable) holds that contact
// and nothing else. What is wrong with the file (no `email` column, broken quoting, another encoding, a
// row of another length) is a *drip.InputError with the line, and nothing of the file is used.
package roster
