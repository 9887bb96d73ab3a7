# The rules for a new password.
rules-title = Your new password
rules-later = Checked when you submit
rules-progress = Rules kept: { $kept } of { $all }
rule-kept = kept
rule-broken = not kept
rule-min-length =
    { $n ->
        [one] at least one character
       *[other] at least { $n } characters
    }
rule-max-utf16 = at most { $n } characters
rule-classes = at least { $n } of these: capital letters, small letters, digits, symbols, letters of other scripts
rule-not-account-name = without your user name “{ $name }” in it
rule-not-display-name = without a part of your name in it ({ $parts })
rule-not-blocked = not on your organisation’s list of blocked passwords and words
rule-not-breached = not known from a data breach
rule-not-similar = not much like your current one
rule-history =
    { $n ->
        [one] not the one that you had before
       *[other] none of the last { $n } that you had
    }
rule-min-age = not before { $until }
