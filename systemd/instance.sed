# makes lampd@.service, one of several lamps on a board, of the only one's: sed -f instance.sed lampd.service
s|^Description=A lamp that|Description=%i, which|
s|^ExecStart=.*/lampd$|& --name %i|
s|^StateDirectory=lampd$|&/%i|
# not /run/lampd/%i: systemd empties /run/lampd when the lamp without a name stops
s|^RuntimeDirectory=lampd$|&@%i|
