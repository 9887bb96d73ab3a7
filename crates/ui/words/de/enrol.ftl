# Womit sich jemand wieder Zugang verschafft.
factors-title = Ihre Wege zurück
factors-lead = Wenn Sie einmal Ihr Passwort vergessen, kommen Sie damit wieder hinein.
factors-none = Sie haben noch nichts eingerichtet.
factors-since = Seit { $since }
factors-counts-from = Gilt ab { $from }. Die Wartezeit schützt Sie, falls jemand anders einen Weg hinzufügt.
factors-remove = Entfernen
factors-remove-label = Entfernen: { $factor }
factors-add-title = Weg hinzufügen
factors-codes-left =
    { $n ->
        [one] noch einer
       *[other] noch { $n }
    }
factors-nothing-pending = Es gab nichts mehr zu bestätigen: Der Code wurde zu oft falsch eingegeben oder ist zu alt. Fordern Sie einen neuen an.
factors-todo-title = Zu tun
factors-todo-lead = Sie können sich noch nicht selbst helfen. Eine Wiederherstellung verlangt diese Nachweise, jeden mit etwas anderem:
factors-todo-finish = Sie könnten sich schon selbst helfen. Eines fehlt noch:
factors-todo-codes = Notfallcodes, die auch ohne Telefon und Postfach helfen
factors-todo-proof = Nachweis { $n }: { $ways }
factors-todo-or = { $one } oder { $other }
factors-todo-done = erledigt
factors-complete = Alles Nötige ist eingerichtet.
factors-finish-early = Sie können später wiederkommen. Solange die Liste oben nicht erledigt ist, können Sie sich nicht darauf verlassen.
factors-pending-email = Wir haben einen Code an die neue Adresse gesendet. Geben Sie ihn ein, um fertig zu werden.
factors-pending-email-go = Code eingeben
factors-added = Es ist eingerichtet. Wir haben alle Adressen benachrichtigt, die wir von Ihnen haben.
factors-removed = Es ist entfernt. Wir haben alle Adressen benachrichtigt, die wir von Ihnen haben.
factors-last = Das ist Ihr einziger Weg zurück. Richten Sie zuerst einen anderen ein.
factors-finish = Ich bin fertig
factors-finish-later = Vorerst hier aufhören
factor-totp = Authenticator-App
factor-codes = Notfallcodes
factor-email = E-Mail-Adresse
add-totp = Authenticator-App hinzufügen
add-totp-line = Eine App auf Ihrem Telefon, die sechs Ziffern anzeigt.
add-codes = Notfallcodes erzeugen
add-codes-line = Zehn Codes auf Papier. Sie ersetzen frühere, sobald sie gelten.
add-email = E-Mail-Adresse hinzufügen
add-email-line = Ein privates Postfach, das Sie ohne dieses Passwort öffnen können.

# Authenticator-App.
totp-title = Authenticator-App hinzufügen
totp-step-scan = Bild anzeigen und scannen
totp-step-scan-line = Öffnen Sie Ihre Authenticator-App, wählen Sie „Hinzufügen“ und richten Sie die Kamera auf das Bild.
totp-show = Bild anzeigen
totp-showing = Wird erzeugt …
totp-qr = Bild zum Scannen mit der Authenticator-App. Der Text darunter sagt dasselbe.
totp-no-camera = Keine Kamera zur Hand? Geben Sie stattdessen dies in die App ein:
totp-on-this-phone = In der App auf diesem Telefon öffnen
totp-step-code = Code eingeben, den die App anzeigt
totp-wrong = Dieser Code stimmte nicht. Prüfen Sie, ob die Uhr Ihres Telefons richtig geht, warten Sie auf den nächsten Code und versuchen Sie es noch einmal.
totp-again-title = Gibt es in Ihrer App keinen Eintrag für dieses Konto?
totp-again-line = Lassen Sie sich ein neues Bild anzeigen. Ein früher gescannter Eintrag wird dann nutzlos: Löschen Sie ihn.
totp-again = Neues Bild anzeigen
totp-needs-script = Das Geheimnis für die App wird nur in Ihrem Browser geöffnet, deshalb braucht diese Seite JavaScript. Eine E-Mail-Adresse lässt sich auch ohne hinzufügen.
totp-reload = Das Bild wird nur einmal angezeigt. Geht es verloren, erhalten Sie hier ein neues.

# Notfallcodes.
codes-title = Notfallcodes erzeugen
codes-lead = Zehn Codes, jeder gilt einmal. Bewahren Sie sie bei wichtigen Papieren auf, nicht auf dem Rechner, für den sie sind.
codes-void = Früher erzeugte Codes gelten, bis die neuen gelten, und sind dann ungültig.
codes-show = Codes erzeugen
codes-showing = Werden erzeugt …
codes-once = Sie werden nur dieses eine Mal angezeigt.
codes-list = Ihre Notfallcodes
codes-copy = Kopieren
codes-copied = Kopiert
codes-sheet = Notfallcodes von { $account } bei { $organisation }, erzeugt { $time }
codes-sheet-use = Um einen zu nutzen, öffnen Sie:
codes-print = Drucken
codes-kept = Ich habe diese Codes sicher aufbewahrt
codes-done = Fertigstellen
codes-needs-script = Die Codes werden nur in Ihrem Browser geöffnet, deshalb braucht diese Seite JavaScript.
secret-failed = Das hat nicht geklappt. Es wurde nichts eingerichtet. Laden Sie die Seite neu und versuchen Sie es noch einmal.

# E-Mail-Adresse.
email-title = E-Mail-Adresse hinzufügen
email-lead = Nehmen Sie eine private Adresse. Ein Postfach, das sich mit dem vergessenen Passwort öffnet, hilft Ihnen nicht.
email-field = E-Mail-Adresse
email-unusable = An diese Adresse können keine Codes gesendet werden. Sie ist vertippt oder schon eingerichtet, oder sie gehört zu Ihrer Organisation: Dieses Postfach könnten Sie ohne Ihr Passwort nicht öffnen.
email-missing = Geben Sie eine E-Mail-Adresse ein.
email-code-title = Geben Sie den Code ein, den wir gesendet haben
email-code-lead = Wir haben einen achtstelligen Code an die angegebene Adresse gesendet. Er gilt zehn Minuten.
email-code-again = Nach zwei Minuten noch nichts da? Sehen Sie im Spam-Ordner nach, geben Sie dann die Adresse noch einmal ein, und wir senden einen neuen Code.
email-code-again-go = Neuen Code senden
email-code-wrong = Dieser Code stimmte nicht. Prüfen Sie ihn und versuchen Sie es noch einmal. Nach einigen falschen Versuchen gilt ein Code nicht mehr: Lassen Sie sich einen neuen senden.

# Einen Weg entfernen.
remove-title = „{ $factor }“ entfernen?
remove-line = Sie können sich damit dann nicht mehr helfen. Alle Adressen, die wir von Ihnen haben, werden benachrichtigt.
remove-button = Entfernen
remove-busy = Wird entfernt …
remove-keep = Behalten
