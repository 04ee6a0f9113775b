#!/bin/sh
# Joins style/*.css, in the order of the cascade: .build/style.css for the first frames, .build/late.css for what comes behind them.
# Trunk runs it before every build.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .build
cd style
cat tokens.css base.css layout.css controls.css scene.css stage.css > ../.build/style.css
cat workbench.css panel.css > ../.build/late.css
