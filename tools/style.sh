#!/bin/sh
# Joins style/*.css into .build/style.css, in the order of the cascade. Trunk runs it before every build.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .build
cd style
cat tokens.css base.css layout.css controls.css panel.css scene.css stage.css > ../.build/style.css
