units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
mkdir -p "$units"
cat > "$units/entrasnap.service" <<UNIT
[Unit]
Description=Backup of the Entra tenant

[Service]
Type=oneshot
EnvironmentFile=$folder/environment
ExecStart=/bin/sh "$folder/nightly" "$program" "$store"
UMask=0077
UNIT
cat > "$units/entrasnap.timer" <<'UNIT'
[Unit]
Description=Backup of the Entra tenant, every night

[Timer]
OnCalendar=*-*-* 02:15:00
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
UNIT
systemctl --user daemon-reload
systemctl --user enable --now entrasnap.timer
echo "fill in $folder/environment; then: systemctl --user start entrasnap, journalctl --user -u entrasnap"
echo "so that it runs while you are not signed in: loginctl enable-linger"
