# Einen Nachweis wählen.
choose-title = Wie können Sie zeigen, dass Sie es sind?
choose-title-next = Bitte noch ein Nachweis
choose-lead = Wählen Sie einen Weg, den Sie eingerichtet haben. Hier stehen alle Wege, auch die, die Sie nicht eingerichtet haben.
choose-lead-next = Das hat geklappt. Ihre Organisation verlangt noch einen zweiten, anderen Nachweis.
method-totp = Authenticator-App
method-totp-line = Die sechs Ziffern, die die App auf Ihrem Telefon gerade anzeigt.
method-email-code = E-Mail-Code
method-email-code-line = Ein Code an eine Adresse, die Sie früher bestätigt haben.
method-recovery-code = Notfallcode
method-recovery-code-line = Einer der Codes, die Sie ausgedruckt oder notiert haben.
method-invitation = Einladung
method-invitation-line = Ein Code aus einem Brief, von Ihrer Führungskraft oder der Administration.
choose-none-title = Nichts davon geht bei Ihnen?
choose-none = Unser Helpdesk hilft Ihnen:

# Einen Code anfordern.
send-title = Code per E-Mail erhalten
send-lead = Wenn zu diesem Konto eine bestätigte Adresse gehört, senden wir einen achtstelligen Code dorthin. Er gilt zehn Minuten.
send-button = Code senden
send-again = Neuen Code senden
send-again-line = Nach zwei Minuten noch nichts da? Ein neuer Code macht den früheren ungültig.
send-on-its-way = Wenn zu diesem Konto eine bestätigte Adresse gehört, ist ein Code unterwegs.
send-again-done = Wenn zu diesem Konto eine bestätigte Adresse gehört, ist ein neuer Code unterwegs. Nur der neueste gilt.
send-limit =
    { $n ->
        [one] In einer Stunde wird höchstens einer gesendet.
       *[other] In einer Stunde werden höchstens { $n } gesendet.
    }

# Den Code eingeben.
prove-totp-title = Geben Sie den Code aus Ihrer App ein
prove-totp-hint = Sechs Ziffern. Alle 30 Sekunden erscheint ein neuer Code.
prove-email-title = Geben Sie den Code aus der E-Mail ein
prove-email-hint = Acht Ziffern. Sehen Sie auch im Spam-Ordner nach.
prove-recovery-title = Geben Sie einen Notfallcode ein
prove-recovery-hint = Jeder Code gilt einmal. Großschreibung und Bindestriche sind egal.
prove-invitation-title = Geben Sie Ihren Einladungscode ein
prove-invitation-hint = Großschreibung und Bindestriche sind egal.
prove-first-title = Zwei Dinge zeigen, dass Sie es sind
prove-code = Code
prove-invitation-code = Einladungscode
prove-current-hint = Das Passwort, mit dem Sie sich jetzt anmelden. Ein abgelaufenes genügt.
prove-verify = Prüfen
prove-verifying = Wird geprüft …
prove-other = Einen anderen Weg wählen
prove-wrong = Das wurde nicht angenommen. Prüfen Sie Ihre Eingabe und versuchen Sie es noch einmal.
prove-wrong-more = Geschieht das wieder, wählen Sie einen anderen Weg, oder beginnen Sie neu und prüfen Sie auch den Benutzernamen.
prove-wrong-sent = Nach einigen falschen Versuchen gilt ein Code nicht mehr: Lassen Sie sich einen neuen senden.
prove-wrong-app = Warten Sie auf den nächsten Code, und prüfen Sie, ob die Uhr Ihres Telefons richtig geht. Nach vielen falschen Codes ruht dieser Weg bis zum nächsten Tag.
prove-missing = Geben Sie den Code ein.
prove-missing-password = Geben Sie auch Ihr aktuelles Passwort ein.
prove-cancel = Abbrechen und neu beginnen
