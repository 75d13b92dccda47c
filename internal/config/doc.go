// Package config reads the files that people write: the team (who mail leaves from, when and how much)
// and the sequence (what is sent, and how far apart).
//
// What it returns is complete and valid: every default is filled in, every rule that can be judged from
// the file alone holds. Template syntax is the one exception; package message judges it, and
// SequenceFile.Line finds the line to blame.
//
// What cannot be used is a *drip.InputError with the file, the line of the offending key or value, what
// is wrong and what to write instead. Only the first is reported. No error repeats a value that might be
// a secret, and none is in the files: they name an environment variable or a file, which Secret reads
// at the moment a connection is made.
//
// The files are YAML, read strictly: an unknown key, a wrong type or a tag is an error. Hostile input is
// bounded before it is parsed: 1 MiB, 100,000 tokens, 32 levels deep.
package config
