# Remakes proportions_r.json beside it:  Rscript tests/reference/proportions_make.R
# Needs base R only. Wilson: prop.test without continuity correction; exact: binom.test.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
number <- function(x) sprintf("%.17g", x)

counts <- list(c(0, 1), c(1, 1), c(0, 10), c(10, 10), c(1, 2), c(5, 10), c(3, 7), c(1, 30),
               c(26, 56), c(18, 56), c(28, 66), c(74, 137), c(89, 148), c(147, 148),
               c(588, 7135), c(1178, 7135), c(1, 21658))
levels <- c(0.8, 0.95, 0.99)

one <- function(k, n, level) {
  wilson <- suppressWarnings(prop.test(k, n, conf.level = level, correct = FALSE)$conf.int)
  exact <- binom.test(k, n, conf.level = level)$conf.int
  sprintf(paste0('  {"id": "%d of %d at %g", "n_events": %d, "n": %d, "level": %g, ',
                 '"wilson": [%s, %s], "exact": [%s, %s]}'),
          k, n, level, k, n, level, number(wilson[1]), number(wilson[2]),
          number(exact[1]), number(exact[2]))
}
cases <- unlist(lapply(counts, function(c) sapply(levels, function(l) one(c[1], c[2], l))))
writeLines(c(
  paste0('{"software": "', R.version.string, '; stats ', packageVersion("stats"), '",'),
  ' "remake": "Rscript tests/reference/proportions_make.R",',
  ' "call": "prop.test(k, n, conf.level = level, correct = FALSE); binom.test(k, n, conf.level = level)",',
  ' "cases": [', paste(cases, collapse = ",\n"), ' ]}'), file.path(here, "proportions_r.json"))
