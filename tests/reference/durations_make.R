# Remakes the durations_*.json pins beside it:  Rscript tests/reference/durations_make.R
# Needs R with the packages survival and cmprsk (Debian: r-cran-survival, r-cran-cmprsk).
suppressPackageStartupMessages({library(survival); library(cmprsk)})

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))

# --- JSON without a package -----------------------------------------------------------------
as_json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    parts <- vapply(x, as_json, "")
    if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ", "), "]"))
    return(paste0("{", paste0('"', names(x), '": ', parts, collapse = ", "), "}"))
  }
  if (!length(x)) return("[]")
  one <- if (is.character(x)) paste0('"', x, '"')
         else if (is.logical(x)) ifelse(is.na(x), "null", tolower(as.character(x)))
         else ifelse(is.na(x), "null", ifelse(is.infinite(x), "\"inf\"", sprintf("%.17g", x)))
  if (length(x) == 1 && !inherits(x, "AsIs")) one else paste0("[", paste(one, collapse = ", "), "]")
}
put <- function(file, call, cases, note = NULL) {
  software <- paste0(R.version.string, "; survival ", packageVersion("survival"),
                     "; cmprsk ", packageVersion("cmprsk"))
  body <- c(paste0('{"software": ', as_json(software), ', "remake": "Rscript tests/reference/durations_make.R", "call": ',
                   as_json(call), if (!is.null(note)) paste0(', "note": ', as_json(note)), ',\n "cases": ['),
            paste(vapply(cases, function(one) paste0("  ", as_json(one)), ""), collapse = ",\n"), " ]}")
  writeLines(body, file.path(here, file))
}

# --- Data -----------------------------------------------------------------------------------
# Finkelstein and Wolfe (1985), Biometrics 41:933: months to breast retraction, two treatments.
rt <- c(45,NA,25,37,37,NA,6,10,46,NA,0,5,0,7,26,40,18,NA,46,NA,46,NA,24,NA,46,NA,27,34,36,NA,7,16,
        36,44,5,11,17,NA,46,NA,19,35,7,14,36,48,17,25,37,44,37,NA,24,NA,0,8,40,NA,32,NA,4,11,17,25,
        33,NA,15,NA,46,NA,19,26,11,15,11,18,37,NA,22,NA,38,NA,34,NA,46,NA,5,12,36,NA,46,NA)
rct <- c(8,12,0,5,30,34,0,22,5,8,13,NA,24,31,12,20,10,17,17,27,11,NA,8,21,17,23,33,40,4,9,24,30,31,
         NA,11,NA,16,24,13,39,14,19,13,NA,19,32,4,8,11,13,34,NA,34,NA,16,20,13,NA,30,36,18,25,16,24,
         18,24,17,26,35,NA,16,60,32,NA,15,22,35,39,23,NA,11,17,21,NA,44,48,22,32,11,20,14,17,10,35,48,NA)
pairs <- rbind(matrix(rt, ncol = 2, byrow = TRUE), matrix(rct, ncol = 2, byrow = TRUE))
cosmesis <- data.frame(left = pairs[, 1], right = ifelse(is.na(pairs[, 2]), Inf, pairs[, 2]),
                       chemo = rep(0:1, c(length(rt), length(rct)) / 2))

# A clinic's visits: exact, left-, right- and interval-censored rows, ties, a covariate, weights.
set.seed(20240607)
n <- 160
x <- round(rnorm(n), 2); arm <- rbinom(n, 1, 0.5); site <- rbinom(n, 1, 0.4)
true <- exp(2.2 + 0.3 * x - 0.4 * arm + 0.7 * log(rexp(n)))
grid <- c(2, 4, 8, 12, 26)
seen <- matrix(runif(n * 5) > 0.3, n)
left <- sapply(seq_len(n), function(i) max(c(0, grid[seen[i, ] & grid < true[i]])))
right <- sapply(seq_len(n), function(i) min(c(Inf, grid[seen[i, ] & grid >= true[i]])))
known <- runif(n) < 0.15
left[known] <- right[known] <- pmax(round(true[known]), 1)
event <- ifelse(is.finite(right), 1, 0)
look <- ifelse(is.finite(right), right, pmax(left, 1))
cause <- ifelse(event == 0, 0, 1 + rbinom(n, 2, 0.3))
weight <- sample(1:3, n, TRUE)
visits <- data.frame(left, right, time = look, event, cause, x, arm, site, weight)

mg <- mgus2
data <- list(
  lung = list(time = lung$time, event = as.integer(lung$status == 2), sex = lung$sex,
              ecog = lung$ph.ecog, age = lung$age),
  veteran = list(time = veteran$time, event = veteran$status, trt = veteran$trt,
                 cell = as.character(veteran$celltype), entry = pmax(0, floor(veteran$time / 3) - 1)),
  mgus2 = list(time = ifelse(mg$pstat == 0, mg$futime, mg$ptime),
               cause = ifelse(mg$pstat == 0, 2 * mg$death, 1)),
  cosmesis = as.list(cosmesis), visits = as.list(visits),
  cgd = list(id = cgd$id, start = cgd$tstart, stop = cgd$tstop, event = cgd$status))
writeLines(c("{", paste0('"', names(data), '": ', vapply(data, as_json, ""), collapse = ",\n"), "}"),
           file.path(here, "durations_data.json"))

# --- Kaplan-Meier ---------------------------------------------------------------------------
km_case <- function(id, set, surv, times, tau, rows = NULL, weights = NULL, where = NULL, entry = NULL) {
  w <- if (is.null(weights)) rep(1, nrow(surv)) else weights
  fit <- survfit(surv ~ 1, weights = w, conf.type = "log-log", robust = FALSE)
  at <- summary(fit, times = times)
  q <- function(p) { # the rule of print.survfit, for any share
    cross <- function(y) { tol <- .Machine$double.eps^0.5; keep <- !is.na(y) & y < 1 - p + tol
      if (!any(keep)) return(NA); t <- fit$time[keep]; y <- y[keep]
      if (abs(y[1] - (1 - p)) < tol && any(y < y[1])) (t[1] + t[min(which(y < y[1]))]) / 2 else t[1] }
    c(cross(fit$surv), cross(fit$lower), cross(fit$upper)) }
  table <- summary(fit, rmean = tau)$table
  stopifnot(identical(unname(q(0.5)), unname(table[c("median", "0.95LCL", "0.95UCL")])))
  list(id = id, data = set, where = where, weights = if (is.null(weights)) NULL else "weight", entry = entry,
       times = I(at$time), survival = I(at$surv), std_error = I(at$std.err), low = I(at$lower),
       high = I(at$upper), n_at_risk = I(at$n.risk), median = I(q(0.5)), lower_quartile = I(q(0.25)),
       upper_quartile = I(q(0.75)), tau = tau, rmst = table[["rmean"]], rmst_se = table[["se(rmean)"]])
}
L <- data$lung; V <- data$veteran; M <- data$mgus2
put("durations_kaplan_meier.json",
    'survfit(Surv(time, event) ~ 1, conf.type = \\"log-log\\"); summary(fit, times); summary(fit, rmean = tau)$table',
    list(km_case("lung", "lung", Surv(L$time, L$event), c(5, 100, 300, 310, 500, 1000), 365),
         km_case("lung_men", "lung", Surv(L$time, L$event)[L$sex == 1], c(50, 180, 270, 800), 500, where = list(sex = 1)),
         km_case("veteran", "veteran", Surv(V$time, V$event), c(1, 30, 80, 200, 500), 200),
         km_case("veteran_late_entry", "veteran", Surv(V$entry, V$time, V$event), c(30, 80, 200, 500), 200, entry = "entry"),
         km_case("mgus2_any", "mgus2", Surv(M$time, M$cause > 0), c(12, 60, 120, 300), 240),
         km_case("visits", "visits", Surv(visits$time, visits$event), c(2, 4, 8, 12, 26), 26),
         km_case("visits_weighted", "visits", Surv(visits$time, visits$event), c(2, 4, 8, 12, 26), 20, weights = weight)))

# --- Log-rank -------------------------------------------------------------------------------
lr_case <- function(id, set, f, group, strata = NULL) {
  d <- survdiff(f)
  total <- function(m) if (is.matrix(m)) rowSums(m) else m
  obs <- total(d$obs); ex <- total(d$exp)
  list(id = id, data = set, group = group, strata = strata, statistic = d$chisq, df = sum(ex > 0) - 1,
       p_value = pchisq(d$chisq, sum(ex > 0) - 1, lower.tail = FALSE),
       observed = I(as.vector(obs)), expected = I(as.vector(ex)))
}
put("durations_log_rank.json", "survdiff(Surv(time, event) ~ group + strata(stratum))", with(data, list(
  lr_case("lung_sex", "lung", Surv(L$time, L$event) ~ L$sex, "sex"),
  lr_case("lung_sex_by_age", "lung", Surv(L$time, L$event) ~ L$sex + strata(L$age >= 65), "sex", "age65"),
  lr_case("veteran_cell", "veteran", Surv(V$time, V$event) ~ V$cell, "cell"),
  lr_case("veteran_treatment_by_cell", "veteran", Surv(V$time, V$event) ~ V$trt + strata(V$cell), "trt", "cell"),
  lr_case("visits_arm", "visits", Surv(visits$time, visits$event) ~ visits$arm, "arm"),
  lr_case("visits_arm_by_site", "visits", Surv(visits$time, visits$event) ~ visits$arm + strata(visits$site), "arm", "site"))))

# --- Interval-censored curve ----------------------------------------------------------------
# survfit stops at steps of 5e-5, far from its maximum; the same function with 1e-13 goes on.
slow <- survival:::survfitTurnbull
patched <- gsub("5e-05", "1e-13", deparse(slow), fixed = TRUE)
stopifnot(any(grepl("1e-13", patched, fixed = TRUE)))
exact <- eval(parse(text = paste(patched, collapse = "\n")), envir = asNamespace("survival"))
environment(exact) <- asNamespace("survival")
interval2 <- function(l, r) Surv(ifelse(l <= 0, NA, l), ifelse(is.finite(r), r, NA), type = "interval2")
np_case <- function(id, set, l, r, where = NULL, weights = NULL) {
  y <- interval2(l, r); w <- if (is.null(weights)) rep(1, length(l)) else weights
  fit <- exact(factor(rep(1, length(l))), y, w, se.fit = FALSE, robust = FALSE, cluster = NULL)
  usual <- survfit(y ~ 1, weights = w, se.fit = FALSE)
  step <- function(f, t) vapply(t, function(one) if (any(f$time <= one)) min(f$surv[f$time <= one]) else 1, 1)
  ends <- sort(unique(r[is.finite(r)]))
  s <- function(t, closed) vapply(t, function(one) { k <- fit$time < one | (closed & fit$time <= one); if (any(k)) min(fit$surv[k]) else 1 }, 1)
  chance <- ifelse(l == r, s(l, FALSE) - s(l, TRUE), ifelse(l <= 0, 1, s(l, TRUE)) - ifelse(is.finite(r), s(r, TRUE), 0))
  list(id = id, data = set, where = where, weights = if (is.null(weights)) NULL else "weight",
       times = I(ends), survival = I(step(fit, ends)), usual = I(step(usual, ends)),
       log_likelihood = sum(w * log(chance)))
}
C <- cosmesis; U <- visits
put("durations_npmle.json",
    'survfit(Surv(left, right, type = \\"interval2\\") ~ 1), NA for a left end of 0 and an infinite right end',
    list(np_case("cosmesis_radiation", "cosmesis", C$left[C$chemo == 0], C$right[C$chemo == 0], list(chemo = 0)),
         np_case("cosmesis_chemotherapy", "cosmesis", C$left[C$chemo == 1], C$right[C$chemo == 1], list(chemo = 1)),
         np_case("cosmesis", "cosmesis", C$left, C$right),
         np_case("visits", "visits", U$left, U$right),
         np_case("visits_weighted", "visits", U$left, U$right, weights = U$weight)),
    note = "survival: survfitTurnbull with its stopping rule of 5e-05 replaced by 1e-13; usual: as released. Compared where the curve is determined.")

# --- Competing events -----------------------------------------------------------------------
aj_case <- function(id, set, time, cause, times, weights = NULL) {
  w <- if (is.null(weights)) rep(1, length(time)) else weights
  keep <- rep(seq_along(time), w)
  fit <- survfit(Surv(time[keep], factor(cause[keep], 0:max(cause))) ~ 1, conf.type = "log-log")
  at <- summary(fit, times = times)
  ci <- timepoints(cuminc(time[keep], cause[keep]), times)
  columns <- function(m) lapply(seq_len(ncol(m))[-1], function(j) I(m[, j]))
  list(id = id, data = set, weights = if (is.null(weights)) NULL else "weight", times = I(times),
       incidence = columns(at$pstate), std_error = columns(at$std.err), low = columns(at$lower),
       high = columns(at$upper), free = I(at$pstate[, 1]), free_std_error = I(at$std.err[, 1]),
       cmprsk = lapply(seq_len(max(cause)), function(j) I(as.vector(ci$est[j, ]))),
       cmprsk_var = lapply(seq_len(max(cause)), function(j) I(as.vector(ci$var[j, ]))))
}
put("durations_competing.json", 'survfit(Surv(time, factor(cause)) ~ 1, conf.type = \\"log-log\\"); cmprsk::cuminc(time, cause)',
    list(aj_case("mgus2", "mgus2", M$time, M$cause, c(12, 60, 120, 240, 360)),
         aj_case("visits", "visits", U$time, U$cause, c(4, 8, 12, 26)),
         aj_case("visits_weighted", "visits", U$time, U$cause, c(4, 8, 12, 26), U$weight)))

# --- Accelerated failure times --------------------------------------------------------------
aft_case <- function(id, set, l, r, covariates, dist, at, weights = NULL) {
  X <- if (length(covariates)) as.data.frame(data[[set]][covariates]) else NULL
  y <- interval2(l, r); w <- if (is.null(weights)) rep(1, length(l)) else weights
  d <- if (is.null(X)) data.frame(one = rep(1, length(l))) else X
  f <- if (is.null(X)) y ~ 1 else as.formula(paste("y ~", paste(covariates, collapse = " + ")))
  fit <- survreg(f, data = d, weights = w, dist = dist, control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  new <- if (is.null(X)) data.frame(one = 1) else as.data.frame(as.list(setNames(at, covariates)))
  q <- predict(fit, newdata = new, type = "uquantile", p = c(0.25, 0.5), se.fit = TRUE)
  list(id = paste(id, dist, sep = "_"), data = set, distribution = dist, covariates = I(covariates), at = I(at),
       weights = if (is.null(weights)) NULL else "weight", coefficients = I(unname(coef(fit))), log_scale = log(fit$scale),
       covariance = lapply(seq_len(nrow(fit$var)), function(i) I(unname(fit$var[i, ]))), log_likelihood = fit$loglik[2],
       log_quantiles = I(as.vector(q$fit)), log_quantile_errors = I(as.vector(q$se.fit)))
}
lung_right <- ifelse(L$event == 1, L$time, Inf)
both <- function(...) lapply(c("weibull", "lognormal"), function(d) aft_case(..., dist = d))
put("durations_parametric.json",
    'survreg(Surv(left, right, type = \\"interval2\\") ~ covariates, dist); predict(type = \\"uquantile\\", p = c(.25, .5), se.fit = TRUE)',
    c(both("cosmesis", "cosmesis", C$left, C$right, "chemo", at = 1),
      both("cosmesis_alone", "cosmesis", C$left, C$right, character(), at = numeric()),
      both("visits", "visits", U$left, U$right, c("x", "arm"), at = c(0.5, 1)),
      both("visits_weighted", "visits", U$left, U$right, c("x", "arm"), at = c(0.5, 1), weights = U$weight),
      both("lung", "lung", L$time, lung_right, c("sex", "age"), at = c(1, 60))))

# --- Events that come again -----------------------------------------------------------------
G <- data$cgd
fit <- survfit(Surv(G$start, G$stop, G$event) ~ 1, id = G$id)
pick <- c(100, 200, 300, 400)
row <- vapply(pick, function(t) max(which(fit$time <= t)), 1L)
put("durations_recurrent.json", "survfit(Surv(start, stop, event) ~ 1, id = id)$cumhaz, $std.chaz",
    list(list(id = "cgd", data = "cgd", times = I(pick), mean = I(fit$cumhaz[row]), std_error = I(fit$std.chaz[row]))))
