# Remakes safety_r.json beside it:  Rscript tests/reference/safety_make.R
suppressPackageStartupMessages(library(survival))
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
number <- function(x) ifelse(is.finite(x), sprintf("%.15g", x), "null")
list_of <- function(x) sprintf("[%s]", paste(number(x), collapse = ", "))

rates <- list(c(0, 12.5), c(1, 3), c(7, 210.4), c(184, 96.25), c(3, 0.5))
rate <- sapply(rates, function(r) {
  test <- poisson.test(r[1], r[2])
  sprintf('  {"n_events": %g, "exposure": %g, "value": %s, "interval": %s}', r[1], r[2],
          number(100 * test$estimate), list_of(100 * test$conf.int))
})
minutes <- c(5, 10, 10, 15, 20, 25, 25, 30, 30, 45, 60, 60, 90, 120)
resolved <- c(1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0)
patients <- c("a", "a", "b", "b", "a", "c", "d", "c", "e", "e", "f", "d", "g", "g")
fit <- summary(survfit(Surv(minutes, resolved) ~ 1, cluster = patients, conf.type = "log-log"),
               times = c(10, 15, 30, 60, 90))
plain <- list(c(0, 10), c(0, 300))
three <- sapply(plain, function(p) number(binom.test(0, p[2], alternative = "less")$conf.int[2]))
writeLines(c(
  sprintf('{"software": "%s; survival %s",', R.version.string, packageVersion("survival")),
  ' "call": "poisson.test(n_events, exposure); survfit(Surv(minutes, resolved) ~ 1, cluster = patients, conf.type = \\"log-log\\"); binom.test(0, n, alternative = \\"less\\")",',
  ' "remake": "Rscript tests/reference/safety_make.R",',
  sprintf(' "minutes": %s, "resolved": %s,', list_of(minutes), list_of(resolved)),
  sprintf(' "patients": [%s],', paste0('"', patients, '"', collapse = ", ")),
  sprintf(' "times": %s, "share": %s,', list_of(fit$time), list_of(1 - fit$surv)),
  sprintf(' "low": %s, "high": %s,', list_of(1 - fit$upper), list_of(1 - fit$lower)),
  sprintf(' "none_of": [10, 300], "at_most": [%s],', paste(three, collapse = ", ")),
  ' "rates": [', paste(rate, collapse = ",\n"), " ]}"
), file.path(here, "safety_r.json"))
