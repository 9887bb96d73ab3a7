-- Commands that found no message are counted each time one more comes.
CREATE INDEX command_unknown ON command (answer) WHERE answer = '"unknown"';
