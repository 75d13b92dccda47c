package roster

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressFault(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"a@b.test", "first.last+tag@sub.example.co.uk", "O'Brien_1@x-y.test", "zoe@exämple.test", "user@例え.テスト", "a@1.test", "!#$%&'*+-/=?^_`{|}~@b.test",
		strings.Repeat("a", 64) + "@b.test", "a@" + strings.Repeat("b", 63) + ".test", "a@xn--exmple-cua.test",
	} {
		require.Empty(t, addressFault(good), good)
	}
	for bad, fault := range map[string]string{
		"":                                       "it is empty",
		"nobody":                                 "it has no @",
		"@b.test":                                "nothing stands before the @",
		"a@":                                     "nothing stands after the @",
		"a@b@c.test":                             "it has more than one @",
		"a@localhost":                            "its domain has no dot",
		"a b@c.test":                             "it has a blank inside",
		"a@b. test":                              "it has a blank inside",
		"a@b.test\nBcc: x@y.test":                "it has a blank inside",
		"a\u00a0b@c.test":                        "it has a blank inside",
		"a\u200b@c.test":                         "it has an invisible character",
		"a\x01@c.test":                           "it has an invisible character",
		"a@b.test,c@d.test":                      "it is more than one address",
		"a@b.test;c@d.test":                      "it is more than one address",
		"Al<a@b.test>":                           "it is more than an address",
		".a@b.test":                              "a dot before the @ is out of place",
		"a.@b.test":                              "a dot before the @ is out of place",
		"a..b@c.test":                            "a dot before the @ is out of place",
		`"a"@b.test`:                             `it has the character " before the @`,
		"a(b)@c.test":                            "it has the character ( before the @",
		"a@.b.test":                              "a dot in its domain is out of place",
		"a@b.test.":                              "a dot in its domain is out of place",
		"a@b..test":                              "a dot in its domain is out of place",
		"a@-b.test":                              "a dash in its domain is out of place",
		"a@b-.test":                              "a dash in its domain is out of place",
		"a@b_c.test":                             "its domain has the character _",
		"a@[127.0.0.1]":                          "its domain has the character [",
		"a@127.0.0.1":                            "its domain is a number",
		"a@b.€.test":                             "its domain has the character €",
		strings.Repeat("a", 65) + "@b.test":      "more than 64 characters stand before the @",
		"a@" + strings.Repeat("b", 64) + ".test": "a part of its domain is longer than 63 characters",
		"a@" + strings.Repeat("b.", 130) + "test": "it is longer than 254 characters",
	} {
		require.Equal(t, fault, addressFault(bad), bad)
	}
}
