# Die Regeln für ein neues Passwort.
rules-title = Ihr neues Passwort
rules-later = Wird beim Absenden geprüft
rules-progress = Regeln erfüllt: { $kept } von { $all }
rule-kept = erfüllt
rule-broken = nicht erfüllt
rule-min-length =
    { $n ->
        [one] mindestens ein Zeichen
       *[other] mindestens { $n } Zeichen
    }
rule-max-utf16 = höchstens { $n } Zeichen
rule-classes = mindestens { $n } davon: Großbuchstaben, Kleinbuchstaben, Ziffern, Sonderzeichen, Buchstaben anderer Schriften
rule-not-account-name = ohne Ihren Benutzernamen „{ $name }“ darin
rule-not-display-name = ohne einen Teil Ihres Namens darin ({ $parts })
rule-not-blocked = nicht auf der Sperrliste Ihrer Organisation
rule-not-breached = aus keinem Datenleck bekannt
rule-not-similar = Ihrem jetzigen nicht sehr ähnlich
rule-history =
    { $n ->
        [one] nicht Ihr voriges
       *[other] keines Ihrer letzten { $n }
    }
rule-min-age = nicht vor { $until }
