# Remakes meta_metafor.json beside it:  Rscript tests/reference/meta_make.R
# metafor: rma (REML, PM, DL; test = "knha" and "adhoc"), rma.glmm (PLO, ML, lme4 with 7 points), confint (Q-profile).
# Data sets are those of metadat. Tolerances of metafor are tightened: its own are 1e-5 for tau squared.
suppressPackageStartupMessages({library(metafor); library(lme4)})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
number <- function(x) ifelse(is.finite(x), sprintf("%.15g", x), "null")
list_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
control <- list(tol = 1e-14, threshold = 1e-12, maxiter = 10000)

sets <- list(
  bcg_log_risk_ratio = escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
  normand1999_difference = escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i,
                                  n2i = n2i, data = dat.normand1999),
  hackshaw1998_log_odds_ratio = dat.hackshaw1998,
  raudenbush1985_standardized = dat.raudenbush1985,
  hine1989_risk_difference = escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989))
effects <- c()
for (name in names(sets)) for (method in c("REML", "PM", "DL")) {
  d <- sets[[name]]
  fit <- rma(yi, vi, data = d, method = method, test = "knha", control = control)
  floor <- rma(yi, vi, data = d, method = method, test = "adhoc", control = control)
  profile <- confint(fit, control = list(tol = 1e-12, tau2.max = 1e6))$random["tau^2", ]
  effects <- c(effects, sprintf(paste0('{"data": "%s", "method": "%s", "effects": %s, "variances": %s, "value": %s, ',
    '"se": %s, "low": %s, "high": %s, "floor_low": %s, "floor_high": %s, "tau2": %s, "tau2_low": %s, ',
    '"tau2_high": %s, "i2": %s}'), name, method, list_of(d$yi), list_of(d$vi), number(fit$beta), number(fit$se),
    number(fit$ci.lb), number(fit$ci.ub), number(floor$ci.lb), number(floor$ci.ub), number(fit$tau2),
    number(profile[2]), number(profile[3]), number(fit$I2 / 100)))
}
counts <- list(
  pritz1997 = dat.pritz1997[, c("xi", "ni")],
  debruin2009 = dat.debruin2009[, c("xi", "ni")],
  nielweise2007_controls = with(dat.nielweise2007, data.frame(xi = ci, ni = n2i)),
  bcg_controls = with(dat.bcg, data.frame(xi = cpos, ni = cpos + cneg)),
  bcg_treated = with(dat.bcg, data.frame(xi = tpos, ni = tpos + tneg)),
  hine1989_treated = with(dat.hine1989, data.frame(xi = ai, ni = n1i)),
  few = data.frame(xi = c(0, 3, 9), ni = c(4, 12, 11)))
shares <- c()
for (name in names(counts)) {
  d <- counts[[name]]
  fit <- suppressWarnings(rma.glmm(measure = "PLO", xi = xi, ni = ni, data = d, test = "t"))
  shares <- c(shares, sprintf('{"data": "%s", "events": %s, "n": %s, "logit": %s, "se": %s, "tau2": %s, "low": %s, "high": %s}',
    name, list_of(d$xi), list_of(d$ni), number(fit$beta), number(fit$se), number(fit$tau2), number(fit$ci.lb), number(fit$ci.ub)))
}
writeLines(c("{",
  sprintf('"software": "R %s, metafor %s, lme4 %s", "effects": [', getRversion(), packageVersion("metafor"), packageVersion("lme4")),
  paste(effects, collapse = ",\n"), '], "shares": [', paste(shares, collapse = ",\n"), "]}"),
  file.path(here, "meta_metafor.json"))
