line="15 2 * * *  set -a; . '$folder/environment'; set +a; /bin/sh '$folder/nightly' '$program' '$store'"
{ crontab -l 2> /dev/null | grep -vF "$folder/nightly" || true; echo "$line"; } | crontab -
echo "fill in $folder/environment; crontab -l shows the line"
