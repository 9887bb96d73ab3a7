# Seiten, die sagen, warum es nicht weitergeht und was zu tun ist.
problem-over-title = Dieser Vorgang ist beendet
problem-over = Er wurde abgeschlossen, abgebrochen oder war länger als 15 Minuten offen. Beginnen Sie einfach neu, es ist nichts verloren.
problem-stale-title = Diese Seite war zu alt
problem-stale = Es ging nichts verloren, und es wurde kein Versuch verbraucht. Machen Sie mit der aktuellen Seite weiter.
problem-stale-here = Die Seite, die Sie gesendet haben, war veraltet, etwa weil es in einem anderen Tab weiterging. Es ging nichts verloren, und es wurde kein Versuch verbraucht. Machen Sie hier weiter.
problem-stale-go = Weiter
problem-malformed-title = Das konnten wir nicht lesen
problem-malformed = Was Ihr Browser gesendet hat, entsprach nicht den Erwartungen. Bitte beginnen Sie neu.
problem-too-large-title = Das war zu viel Text
problem-too-large = Gesendet wurde mehr, als hier hingehört. Bitte gehen Sie zurück und geben Sie weniger ein.
problem-too-slow-title = Das hat zu lange gedauert
problem-too-slow = Ihre Verbindung war zu langsam oder ist abgerissen. Bitte versuchen Sie es noch einmal.
problem-not-found-title = Diese Seite gibt es nicht
problem-not-found = Vielleicht ist die Adresse vertippt oder veraltet.
problem-cross-site-title = Bitte beginnen Sie auf der Startseite
problem-cross-site = Ihre Anfrage kam von einer anderen Website, oder Ihr Browser verrät nicht, woher sie kam. Zu Ihrem Schutz wurde nichts getan.
problem-paused-title = Die Selbsthilfe ist angehalten
problem-paused = Eine verantwortliche Person hat sie vorerst gestoppt, um alle Konten zu schützen. Bitte wenden Sie sich an den Helpdesk.
problem-too-soon-title = Bitte kommen Sie später wieder
problem-too-soon = Ihr Konto wurde vor weniger als einem Tag wiederhergestellt. Zu Ihrem Schutz bleiben Ihre Wege zur Wiederherstellung bis dahin, wie sie sind.
problem-other-proof-title = Bitte weisen Sie sich auf einem anderen Weg aus
problem-other-proof = Diese Änderung verlangt einen Nachweis, der ohne das auskommt, was Sie ändern wollen. Bitte beginnen Sie neu und wählen Sie einen anderen Weg.
problem-unexpected-title = Bei uns ist etwas schiefgegangen
problem-unexpected = Es liegt nicht an Ihnen. Bitte versuchen Sie es in einer Minute noch einmal. Passiert es wieder, nennen Sie dem Helpdesk die Kennung unten.

away-title = Wir können Ihnen gerade nicht helfen
away-line = Unser System ist im Moment nicht erreichbar. An Ihrem Konto hat sich nichts geändert, und es wurde weder ein Code noch ein Versuch verbraucht.
away-next = Bitte versuchen Sie es in ein paar Minuten noch einmal. Wenn es eilt, wenden Sie sich an den Helpdesk:
away-again = Noch einmal versuchen

slow-title = Bitte etwas langsamer
slow-line =
    { $seconds ->
        [one] Aus Ihrem Netz kamen sehr viele Anfragen. Bitte warten Sie eine Sekunde und machen Sie dann weiter.
       *[other] Aus Ihrem Netz kamen sehr viele Anfragen. Bitte warten Sie { $seconds } Sekunden und machen Sie dann weiter.
    }
slow-line-long =
    { $minutes ->
        [one] Aus Ihrem Netz kamen sehr viele Anfragen. Bitte warten Sie eine Minute und machen Sie dann weiter.
       *[other] Aus Ihrem Netz kamen sehr viele Anfragen. Bitte warten Sie { $minutes } Minuten und machen Sie dann weiter.
    }
slow-safe = Ihr Konto wird dadurch nicht gesperrt, und kein Nachweis geht verloren.

# "Das war ich nicht".
notme-title = Das waren nicht Sie?
notme-line = Dann drücken Sie den Knopf. Niemand kann Ihr Konto dann noch per Selbsthilfe wiederherstellen oder ändern, bis der Helpdesk mit Ihnen gesprochen hat.
notme-call = Rufen Sie auch den Helpdesk an, wenn Sie glauben, dass jemand Ihr Passwort kennt.
notme-code = Code aus der Nachricht
notme-code-hint = Falls das Feld leer ist: die Zeichen nach „#“ im Link.
notme-missing = Geben Sie den Code aus der Nachricht ein, oder öffnen Sie den Link noch einmal.
notme-button = Das war ich nicht
notme-busy = Wird gestoppt …
notme-done-title = Danke für Ihre Meldung
notme-done = Die Selbsthilfe ist für Ihr Konto jetzt gestoppt, sofern der Link vollständig und noch gültig war. Das melden wir dann an alle Adressen, die wir von Ihnen haben.
notme-done-call = Rufen Sie im Zweifel sofort den Helpdesk an. Nur dort wird sie wieder freigegeben, sobald klar ist, dass man mit Ihnen spricht.
