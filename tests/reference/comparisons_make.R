# Remakes comparisons_r.json beside it:  Rscript tests/reference/comparisons_make.R
# Newcombe's interval: Epi::ci.pd. Welch: stats::t.test. Score limits of Miettinen and Nurminen have
# no function in a Debian package: the likeliest shares are found by optimize here, not by the closed
# form the suite uses, and the limits by uniroot.
suppressPackageStartupMessages(library(Epi))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
number <- function(x) ifelse(is.finite(x), sprintf("%.15g", x), "null")
both <- function(x) sprintf("[%s, %s]", number(x[1]), number(x[2]))

loglik <- function(k, n, p) dbinom(k, n, pmin(pmax(p, 0), 1), log = TRUE)
score <- function(k, n, first, second, distance) {
  # first and second: shares as functions of the second; limits of the second in `second`
  at <- optimize(function(p) loglik(k[1], n[1], first(p)) + loglik(k[2], n[2], p),
                 second, maximum = TRUE, tol = 1e-13)$maximum
  c(first(at), at)
}
difference <- function(k, n, delta) {
  p <- score(k, n, function(p) p + delta, c(max(0, -delta), min(1, 1 - delta)))
  v <- (p[1] * (1 - p[1]) / n[1] + p[2] * (1 - p[2]) / n[2]) * sum(n) / (sum(n) - 1)
  (k[1] / n[1] - k[2] / n[2] - delta) / sqrt(v)
}
ratio <- function(k, n, phi) {
  p <- score(k, n, function(p) p * phi, c(0, min(1, 1 / phi)))
  v <- (p[1] * (1 - p[1]) / n[1] + phi^2 * p[2] * (1 - p[2]) / n[2]) * sum(n) / (sum(n) - 1)
  (k[1] / n[1] - phi * k[2] / n[2]) / sqrt(v)
}
root <- function(f, low, high) tryCatch(uniroot(f, c(low, high), tol = 1e-11)$root,
                                        error = function(e) NA)

counts <- list(c(56, 70, 48, 80), c(9, 10, 3, 10), c(6, 7, 2, 7), c(5, 56, 2, 29),
               c(74, 137, 41, 120), c(3, 40, 12, 38), c(19, 20, 18, 20), c(1, 8, 1, 9))
z <- qnorm(0.975)
shares <- sapply(counts, function(c) {
  k <- c[c(1, 3)]; n <- c[c(2, 4)]
  nc <- ci.pd(k[1], k[2], n[1] - k[1], n[2] - k[2], method = "Nc", print = FALSE)
  d <- k[1] / n[1] - k[2] / n[2]; r <- (k[1] / n[1]) / (k[2] / n[2])
  mn <- c(root(function(x) difference(k, n, x) - z, -1 + 1e-9, d),
          root(function(x) difference(k, n, x) + z, d, 1 - 1e-9))
  rr <- exp(c(root(function(x) ratio(k, n, exp(x)) - z, log(r) - 6, log(r)),
              root(function(x) ratio(k, n, exp(x)) + z, log(r), log(r) + 6)))
  sprintf('  {"counts": [%d, %d, %d, %d], "newcombe": %s, "difference": %s, "ratio": %s}',
          c[1], c[2], c[3], c[4], both(nc[length(nc) - 1:0]), both(mn), both(rr))
})
first <- c(35.5, 12, 60, 44.25, 80, -10, 51); second <- c(20, 15.5, 33, 41, 8, 12)
welch <- t.test(first, second)
writeLines(c(
  paste0('{"software": "', R.version.string, '; Epi ', packageVersion("Epi"), '",'),
  ' "remake": "Rscript tests/reference/comparisons_make.R",',
  ' "call": "ci.pd(..., method = \\"Nc\\"); t.test(first, second); optimize and uniroot",',
  sprintf(' "welch": {"value": %s, "interval": %s},', number(diff(rev(welch$estimate))),
          both(welch$conf.int)),
  ' "cases": [', paste(shares, collapse = ",\n"), ' ]}'), file.path(here, "comparisons_r.json"))
