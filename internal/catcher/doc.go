// Package catcher is a mail server that keeps what it gets and passes nothing on. It speaks real SMTP
// on loopback, with STARTTLS, implicit TLS and logins where asked for, so that the demo, rehearsals
// and tests send their mail exactly as they would send it to anybody, and nobody ever gets it.
//
// What it guarantees: a message is in Messages, and on disk if Options.Dir is set, before the sender
// is told so, and a message whose sender was told anything else is in neither, unless a fault was
// scripted to lie about it (AcceptThen). Messages are in the order in which they were accepted. A
// message that the sender did not finish is never accepted.
//
// A Script makes it misbehave at any stage of the dialogue: answer with a code, hang, or drop the
// connection, before or after it has taken the message.
package catcher
