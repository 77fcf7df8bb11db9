# Remakes reductions_t.json and reductions_bca.json beside it:
#   Rscript tests/reference/reductions_make.R
# Needs base R only. t: t.test. BCa: NOT a published package but the definition of Efron (1987)
# written out below, patients drawn one by one and left out one by one; it shares no code and no
# shortcut with the suite, which draws counts of distinct patients.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
number <- function(x) sprintf("%.17g", x)
listed <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
software <- paste0(R.version.string, "; stats ", packageVersion("stats"))

typed <- c(50, 30, 30, 20, 30, -100 / 3, 0, 75)                     # percent reductions, by hand
skew <- c(0, 0, 0, 5, 5, 10, 10, 10, 20, 25, 25, 40, 60, 80, 100)   # ties and a long tail
few <- c(-20, 10, 12.5, 30, 90)
before <- c(8, 10, 6, 5, 4, 6, 9, 8, 7, 7, 5, 10)
after <- c(4, 7, 4.2, 4, 2.8, 8, 9, 2, 7, 1, 0, 6)

# --- Student t ------------------------------------------------------------------------------
data <- list(typed = typed, skew = skew, few = few, pair = c(12, 48), sleep = sleep$extra,
             tooth = ToothGrowth$len, equal_but_one = c(rep(30, 9), 31))
t_cases <- c()
for (name in names(data)) for (level in c(0.8, 0.95, 0.99)) {
  got <- t.test(data[[name]], conf.level = level)
  t_cases <- c(t_cases, sprintf('  {"id": "%s at %g", "values": %s, "level": %g, "mean": %s, "interval": %s}',
    name, level, listed(data[[name]]), level, number(unname(got$estimate)), listed(got$conf.int)))
}
writeLines(c(paste0('{"software": "', software, '",'),
  ' "remake": "Rscript tests/reference/reductions_make.R",',
  ' "call": "t.test(values, conf.level = level)",', ' "cases": [',
  paste(t_cases, collapse = ",\n"), ' ]}'), file.path(here, "reductions_t.json"))

# --- BCa ------------------------------------------------------------------------------------
bca <- function(rows, statistic, level, draws) {
  n <- nrow(rows)
  all <- statistic(rows)
  drawn <- replicate(draws, statistic(rows[sample.int(n, n, replace = TRUE), , drop = FALSE]))
  tied <- abs(drawn - all) < 1e-9
  z0 <- qnorm(mean(drawn < all & !tied) + mean(tied) / 2)
  left_out <- sapply(seq_len(n), function(i) statistic(rows[-i, , drop = FALSE]))
  pull <- mean(left_out) - left_out
  a <- if (all(pull == 0)) 0 else sum(pull^3) / (6 * sum(pull^2)^1.5)
  z <- z0 + qnorm(c((1 - level) / 2, (1 + level) / 2))
  unname(quantile(drawn, pnorm(z0 + z / (1 - a * z)), type = 7))
}
statistics <- list(
  mean = function(rows) mean(rows[, 1]),
  median = function(rows) median(rows[, 1]),
  ratio = function(rows) 100 * (1 - mean(rows[, 2]) / mean(rows[, 1])))

set.seed(20260401)
BATCHES <- 20
DRAWS <- 10000
asked <- list(
  list("mean of typed", typed, "mean"), list("mean of skew", skew, "mean"),
  list("mean of few", few, "mean"), list("median of skew", skew, "median"),
  list("median of tooth", ToothGrowth$len, "median"), list("ratio of pairs", cbind(before, after), "ratio"))
bca_cases <- sapply(asked, function(one) {
  rows <- as.matrix(one[[2]])
  ends <- replicate(BATCHES, bca(rows, statistics[[one[[3]]]], 0.95, DRAWS))
  sprintf(paste0('  {"id": "%s", "statistic": "%s", "before_or_values": %s, "after": %s, "level": 0.95,',
                 ' "value": %s, "interval": %s, "se_of_one_batch": %s}'),
          one[[1]], one[[3]], listed(rows[, 1]), if (ncol(rows) == 2) listed(rows[, 2]) else "null",
          number(statistics[[one[[3]]]](rows)), listed(rowMeans(ends)), listed(apply(ends, 1, sd)))
})
writeLines(c(paste0('{"software": "', software, '",'),
  ' "remake": "Rscript tests/reference/reductions_make.R",',
  paste0(' "call": "bca() of the script: the definition written out, no package; mean and standard',
         ' deviation of ', BATCHES, ' runs of ', DRAWS, ' samples, set.seed(20260401)",'),
  paste0(' "batches": ', BATCHES, ', "draws": ', DRAWS, ','),
  ' "cases": [', paste(bca_cases, collapse = ",\n"), ' ]}'), file.path(here, "reductions_bca.json"))
