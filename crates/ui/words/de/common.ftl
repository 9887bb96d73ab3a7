# Was auf jeder Seite steht.
site-name = Konto-Hilfe
skip-link = Zum Inhalt springen
language-switch = Sprache
title-problem = Fehler: { $title }
footer-help = Möchten Sie lieber mit jemandem sprechen? Unser Helpdesk hilft Ihnen gern.
footer-never-asks = Der Helpdesk fragt Sie niemals nach Ihrem Passwort oder nach einem Code.
contact-phone = Telefon
contact-mail = E-Mail
reference-line = Kennung für den Helpdesk: { $reference }
demo-label = Vorführung
demo-no-directory = Die Konten hier sind erfunden, es steht kein echtes Verzeichnis dahinter. Wartezeiten gibt es nicht, und die Grenzen sind hoch.
demo-test-domain = Hinter dieser Seite steht eine Testdomäne. Wartezeiten gibt es nicht, und die Grenzen sind hoch.

# Formulare.
problem-summary = Bitte sehen Sie sich das noch einmal an
password-show = Anzeigen
password-hide = Verbergen
password-show-label = Anzeigen: { $field }
password-hide-label = Verbergen: { $field }
seal-unable = Ihr Browser konnte Ihre Eingabe nicht schützen, deshalb wurde nichts gesendet. Bitte verwenden Sie einen aktuellen Browser oder wenden Sie sich an den Helpdesk.
seal-needs-script = Diese Seite schützt Ihre Eingabe, bevor sie den Browser verlässt. Dafür braucht sie JavaScript. Bitte schalten Sie es ein oder wenden Sie sich an den Helpdesk.
busy-wait = Einen Moment …
go-back = Zurück
start-again = Neu beginnen
works-until = Diese Seite gilt bis { $until }. Danach müssten Sie neu beginnen.
to-first-page = Zur Startseite

# Zeitpunkte.
time-today = { $clock }
time-clock = { $clock } Uhr { $zone }
time-zone =
    { $zone ->
        [CET] MEZ
        [CEST] MESZ
       *[other] { $zone }
    }
time-tomorrow = morgen, { $clock }
time-yesterday = gestern, { $clock }
time-date = { $day }. { $month } { $clock }
time-date-year = { $day }. { $month } { $year } { $clock }
time-month =
    { $month ->
        [1] Jan.
        [2] Feb.
        [3] März
        [4] Apr.
        [5] Mai
        [6] Juni
        [7] Juli
        [8] Aug.
        [9] Sept.
        [10] Okt.
        [11] Nov.
       *[12] Dez.
    }

# Die erste Seite.
home-title = Was brauchen Sie?
home-lead = Das können Sie selbst erledigen. Es dauert ein paar Minuten.
home-set-up = Die Wiederherstellung ist eingerichtet. Sie können diese Seite schließen.
home-over = Ihr Vorgang ist beendet, oder Ihr Browser hat ihn nicht behalten. Bitte beginnen Sie neu.
home-forgot = Ich habe mein Passwort vergessen
home-forgot-line = Zeigen Sie, dass Sie es sind, und wählen Sie ein neues.
home-unlock = Mein Konto ist gesperrt
home-unlock-line = Sie kennen Ihr Passwort, nur die Sperre soll weg.
home-change = Mein Passwort ändern
home-change-line = Sie kennen Ihr Passwort, oder es ist abgelaufen.
home-enrol = Wiederherstellung einrichten
home-enrol-line = Einmal, solange alles läuft – damit Sie sich später selbst helfen können.

# Welches Konto.
purpose-reset = Passwort vergessen
purpose-unlock = Konto gesperrt
purpose-change = Passwort ändern
purpose-enrol = Wiederherstellung einrichten
identify-title = Um welches Konto geht es?
identify-field = Benutzername oder E-Mail
identify-hint = Der Name, mit dem Sie sich bei der Arbeit anmelden.
identify-missing = Geben Sie Ihren Benutzernamen oder Ihre E-Mail-Adresse ein.
identify-unusable = Das kann kein Benutzername sein. Achten Sie auf ungewöhnliche Zeichen und auf Leerzeichen.
identify-continue = Weiter
