package drip

// Sequence is a name and its steps.
type Sequence struct {
	Name  string `json:"name"`
	Steps []Step `json:"steps"`
}

// Step is a message template and, after the first, a delay. Subject, Text and HTML are Liquid.
type Step struct {
	// After is the delay in working days, counted from the day the step before was sent; 0 in the
	// first step. The day of sending counts as 0: Friday + 1 is Monday.
	After int `json:"after,omitempty"`
	// At is the earliest hour of that day, 0 to 23 on the team's clock; nil means the hour of the
	// step before.
	At *int `json:"at,omitempty"`
	// Subject, empty in a follow-up, means a reply in the same thread.
	Subject string `json:"subject"`
	Text    string `json:"text,omitempty"`
	HTML    string `json:"html,omitempty"`
}
