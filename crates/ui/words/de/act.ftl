# Nach allen Nachweisen: das Konto in einfachen Worten.
act-title = Ihr Konto
act-who = Das hat geklappt: Sie haben gezeigt, dass Sie { $name } sind.
state-title = So steht es
state-locked-until = Ihr Konto ist gesperrt bis { $until }.
state-locked = Ihr Konto ist gesperrt, bis jemand es entsperrt.
state-locked-why = Das passiert nach mehreren falschen Passwörtern, oft durch ein Telefon oder einen Rechner, auf dem noch ein altes gespeichert ist.
state-disabled = Ihr Konto ist deaktiviert. Nur der Helpdesk kann es wieder einschalten.
state-expired = Ihr Konto ist abgelaufen ({ $at }). Nur der Helpdesk kann es verlängern.
state-password-expired = Ihr Passwort ist abgelaufen. Zum Anmelden brauchen Sie ein neues.
state-must-change = Ihr Passwort muss geändert werden, bevor Sie sich anmelden können.
state-too-young = Ihr Passwort ist noch zu neu, um es selbst zu ändern. Sie können es ab { $until } ändern.
state-password-expires = Ihr Passwort gilt bis { $at }.
state-protected = Ihr Konto hat besondere Rechte und lässt sich hier nicht wiederherstellen. Der Helpdesk weiß, wie es weitergeht.
state-fine = Ihr Konto ist in Ordnung: weder gesperrt noch deaktiviert.
act-nothing = Für dieses Konto lässt sich hier nichts tun. Bitte wenden Sie sich an den Helpdesk, dort hilft man Ihnen weiter.
act-not-locked = Ihr Konto ist nicht gesperrt.
act-not-locked-line = Eine Sperre endet oft von selbst. Versuchen Sie, sich anzumelden. Wird Ihr Passwort nicht angenommen, wählen Sie ein neues:

# Entsperren.
unlock-title = Konto entsperren
unlock-line = Ihr Passwort bleibt, wie es ist.
unlock-button = Konto entsperren
unlock-busy = Wird entsperrt …

# Zurücksetzen und ändern.
reset-title = Neues Passwort wählen
reset-title-else = Oder ein neues Passwort wählen
reset-unlocks = Ihr Konto wird dabei gleich entsperrt.
change-title = Passwort ändern
password-current = Aktuelles Passwort
password-current-unknown = Ich kenne mein aktuelles Passwort nicht
password-new = Neues Passwort
password-repeat = Neues Passwort wiederholen
password-tip = Leicht zu merken und schwer zu erraten: vier oder fünf Wörter, die nichts miteinander zu tun haben.
password-tip-classes = Beginnen Sie jedes Wort groß und setzen Sie Bindestriche und eine Zahl dazwischen, dann ist jede Art von Zeichen dabei.
password-suggest = Passwort vorschlagen
password-suggested = Dieses Passwort steht jetzt in beiden Feldern. Notieren oder speichern Sie es, bevor Sie weitergehen:
reset-button = Neues Passwort setzen
change-button = Passwort ändern
password-busy = Wird gesetzt …

# Ablehnungen. Die Nachweise bleiben gültig.
refused-missing = Füllen Sie alle Passwortfelder aus.
refused-mismatch = Die beiden neuen Passwörter stimmen nicht überein. Geben Sie sie noch einmal ein.
refused-rules =
    { $n ->
        [one] Ihr neues Passwort erfüllt diese Regel nicht: { $rules }.
       *[other] Ihr neues Passwort erfüllt diese Regeln nicht: { $rules }.
    }
refused-rule-field = Es erfüllt nicht alle Regeln. Sehen Sie sich die markierten an.
refused-min-age = Ihr Passwort ist noch zu neu, um es zu ändern: { $rule }.
refused-domain = Die Domäne Ihrer Organisation hat dieses Passwort abgelehnt und nennt keinen Grund. Versuchen Sie ein längeres, das sich von Ihren bisherigen deutlich unterscheidet.
refused-wrong-password =
    { $tries ->
        [0] Ihr aktuelles Passwort stimmt nicht. Vorerst ist kein weiterer Versuch möglich, damit Ihr Konto nicht gesperrt wird.
        [one] Ihr aktuelles Passwort stimmt nicht. Sie haben noch einen Versuch.
       *[other] Ihr aktuelles Passwort stimmt nicht. Sie haben noch { $tries } Versuche.
    }
refused-no-more-tries = Ihr aktuelles Passwort wird vorerst nicht mehr geprüft, denn zu viele falsche würden Ihr Konto sperren. Warten Sie eine Weile, oder nutzen Sie „Ich habe mein Passwort vergessen“.
refused-too-many-today = Das wurde heute schon zu oft gemacht. Versuchen Sie es morgen wieder, oder wenden Sie sich an den Helpdesk.
refused-forbidden = Dieser Dienst darf das für Ihr Konto nicht tun. Bitte wenden Sie sich an den Helpdesk.
refused-away = Das Verzeichnis Ihrer Organisation antwortet gerade nicht. Es wurde nichts geändert. Versuchen Sie es in einer Minute noch einmal.
refused-proved = Sie müssen sich nicht noch einmal ausweisen.

# Während das Verzeichnis gefragt wird.
working-title = Einen Moment, bitte
working-line = Ihr Auftrag ist unterwegs zum Verzeichnis Ihrer Organisation. Diese Seite zeigt in wenigen Sekunden, wie es ausging.
working-look = Ergebnis ansehen

# Erledigt.
done-reset-title = Ihr neues Passwort ist gesetzt
done-change-title = Ihr Passwort ist geändert
done-unlock-title = Ihr Konto ist entsperrt
done-at = Erledigt: { $at }.
done-unlocked-too = Ihr Konto wurde dabei auch entsperrt.
done-next-title = Was Sie jetzt tun
done-sign-in-new = Melden Sie sich mit Ihrem neuen Passwort an.
done-sign-in-same = Melden Sie sich mit dem Passwort an, das Sie kennen.
done-devices-new = Geben Sie das neue Passwort auch auf Telefon, Tablet und anderen Geräten ein. Bis dahin versuchen diese es mit dem alten und könnten Ihr Konto sperren.
done-devices-same = Suchen Sie nach einem Telefon oder anderen Gerät mit einem alten Passwort: Es könnte Ihr Konto gesperrt haben.
done-told = Wir haben an alle Adressen geschrieben, die wir von Ihnen haben. Wenn Sie das nicht selbst waren, nutzen Sie den Link in dieser Nachricht.
done-close = Sie können diese Seite schließen.

# Niemand kennt den Ausgang.
unknown-title = Wir wissen noch nicht, ob es geklappt hat
unknown-line = Ihr Auftrag ging an das Verzeichnis Ihrer Organisation, aber es kam keine Antwort zurück.
unknown-check = Wir prüfen weiter und schreiben an alle Adressen, die wir von Ihnen haben, sobald wir es wissen.
unknown-try-new = Versuchen Sie zuerst, sich mit dem neuen Passwort anzumelden.
unknown-try-old = Wird es nicht angenommen, gilt noch das alte: Warten Sie ein paar Minuten und beginnen Sie hier neu.
unknown-try-unlock = Versuchen Sie, sich anzumelden. Ist Ihr Konto noch gesperrt, warten Sie ein paar Minuten und beginnen Sie hier neu.
unknown-helpdesk = Klappt beides nicht, nennen Sie dem Helpdesk die Kennung unten.
