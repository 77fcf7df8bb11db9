# Remakes mmrm_data.json and mmrm_gls.json beside it:  Rscript tests/reference/mmrm_make.R
# Needs R with nlme, emmeans, numDeriv (Debian: r-cran-nlme, r-cran-emmeans, r-cran-numderiv).
# gls fits by REML with numerical derivatives, so its optimum is found to about 1e-5 of a standard
# error. Degrees of freedom: emmeans (mode "satterthwaite"), which takes the covariance of the
# parameters from gls; and numDeriv on a restricted likelihood written out with full matrices.
suppressPackageStartupMessages({library(nlme); library(emmeans); library(numDeriv)})
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))

as_json <- function(x) {
  if (is.list(x)) {
    parts <- vapply(x, as_json, "")
    if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ", "), "]"))
    return(paste0("{", paste0('"', names(x), '": ', parts, collapse = ", "), "}"))
  }
  if (is.matrix(x)) return(as_json(lapply(seq_len(nrow(x)), function(i) I(unname(x[i, ])))))
  one <- if (is.character(x)) paste0('"', x, '"')
         else ifelse(is.na(x), "null", sprintf("%.17g", x))
  if (length(x) == 1 && !inherits(x, "AsIs")) one else paste0("[", paste(one, collapse = ", "), "]")
}
software <- paste0(R.version.string, "; nlme ", packageVersion("nlme"), "; emmeans ",
                   packageVersion("emmeans"), "; numDeriv ", packageVersion("numDeriv"))
head <- function(call) paste0('{"software": "', software, '", "remake": "Rscript tests/reference/mmrm_make.R", "call": "', call, '",')

# --- Data -----------------------------------------------------------------------------------
# A two-arm clinic of 90, four visits, a fifth leaving by the last: those in more pain leave more
# (missing at random), and some visits are missed. Growth of 27 children (Potthoff and Roy 1964).
set.seed(20260607)
n <- 90; m <- 4
R <- 0.55^abs(outer(1:m, 1:m, "-")); sd <- c(1.6, 1.9, 2.2, 2.3)
base <- round(pmin(10, pmax(3, rnorm(n, 6.8, 1.4))), 1)
arm <- rep(c("ketamine", "placebo"), length.out = n)
Y <- 0.7 * base + outer(arm == "ketamine", c(-2.5, -2, -1.4, -1)) +
  matrix(rnorm(n * m), n) %*% chol(R * outer(sd, sd))
Y <- round(Y, 2)
gone <- rep(FALSE, n)
for (j in 2:m) {
  gone <- gone | runif(n) < plogis(-4 + 0.4 * ifelse(is.na(Y[, j - 1]), 5, Y[, j - 1]))
  Y[gone, j] <- NA
}
Y[cbind(sample(n, 6), sample(3, 6, replace = TRUE))] <- NA
clinic <- data.frame(id = rep(seq_len(n), each = m), visit = rep(seq_len(m), n), y = c(t(Y)),
                     base = rep(base, each = m), arm = rep(arm, each = m))
growth <- data.frame(id = as.integer(factor(Orthodont$Subject, levels = unique(Orthodont$Subject))),
                     visit = match(Orthodont$age, c(8, 10, 12, 14)), y = Orthodont$distance,
                     base = 0, arm = as.character(Orthodont$Sex))
tables <- list(clinic = clinic, growth = growth)
writeLines(paste0(head("Orthodont of nlme; simulated, seed 20260607"), "\n",
  paste0('"', names(tables), '": ', vapply(tables, function(d) as_json(lapply(d, I)), ""), collapse = ",\n"),
  "}"), file.path(here, "mmrm_data.json"))

# --- Fits -----------------------------------------------------------------------------------
visits <- varIdent(form = ~ 1 | visit)
structures <- list(
  unstructured = list(corSymm(form = ~ visit | id), visits),
  heterogeneous_cs = list(corCompSymm(form = ~ visit | id), visits),
  heterogeneous_ar1 = list(corAR1(form = ~ visit | id), visits),
  ar1 = list(corAR1(form = ~ visit | id), NULL),
  independent = list(NULL, visits))
formulas <- list(clinic = list(all = y ~ 0 + v + v:base + v:arm, common = y ~ 0 + base + v + v:arm),
                 growth = list(all = y ~ 0 + v + v:arm))

# Restricted likelihood with full matrices; parameters: log sd by visit (or one), then those of R.
sigma_of <- function(theta, structure, m) {
  if (structure == "unstructured") {
    L <- matrix(0, m, m); L[lower.tri(L, TRUE)] <- theta; return(L %*% t(L))
  }
  sd <- if (structure == "ar1") rep(theta[1], m) else theta[1:m]
  rho <- if (structure == "independent") 0 else theta[length(theta)]
  steps <- abs(outer(1:m, 1:m, "-"))
  R <- if (structure == "heterogeneous_cs") ifelse(steps == 0, 1, rho) else rho^steps
  R * outer(sd, sd)
}
pieces <- function(theta, structure, d, X) {
  S <- sigma_of(theta, structure, max(d$visit))
  A <- 0; b <- 0; q <- 0; logs <- 0
  for (rows in split(seq_len(nrow(d)), d$id)) {
    V <- S[d$visit[rows], d$visit[rows], drop = FALSE]; x <- X[rows, , drop = FALSE]; W <- solve(V)
    A <- A + t(x) %*% W %*% x; b <- b + t(x) %*% W %*% d$y[rows]
    q <- q + d$y[rows] %*% W %*% d$y[rows]; logs <- logs + determinant(V)$modulus
  }
  beta <- solve(A, b)
  list(deviance = c(logs + determinant(A)$modulus + q - t(b) %*% beta), A = A)
}
satterthwaite <- function(theta, structure, d, X, L) {
  H <- hessian(function(t) pieces(t, structure, d, X)$deviance, theta)
  apply(L, 1, function(l) {
    v <- function(t) c(l %*% solve(pieces(t, structure, d, X)$A, l))
    g <- grad(v, theta)
    2 * v(theta)^2 / c(g %*% (2 * solve(H)) %*% g)
  })
}
control <- glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500, msMaxIter = 2000,
                      opt = "nlminb")
one <- function(data, formula, structure) {
  d <- tables[[data]]; d <- d[!is.na(d$y), ]; d$v <- factor(d$visit)
  X <- model.matrix(formulas[[data]][[formula]], d)
  parts <- structures[[structure]]
  fit <- do.call(gls, list(formulas[[data]][[formula]], data = d, correlation = parts[[1]],
                           weights = parts[[2]], method = "REML", control = control))
  m <- max(d$visit)
  sd <- rep(fit$sigma, m)
  if (!is.null(parts[[2]])) sd <- fit$sigma * coef(fit$modelStruct$varStruct, FALSE, allCoef = TRUE)[as.character(1:m)]
  whole <- names(which(table(d$id) == m))[1]
  R <- if (is.null(parts[[1]])) diag(m) else corMatrix(fit$modelStruct$corStruct)[[whole]]
  S <- unname(R * outer(sd, sd))
  theta <- if (structure == "unstructured") { L <- t(chol(S)); L[lower.tri(L, TRUE)] }
           else if (structure == "ar1") c(sd[1], R[1, 2])
           else if (structure == "independent") unname(sd) else c(unname(sd), R[1, 2])
  grid <- expand.grid(visit = 1:m, arm = sort(unique(d$arm)))
  new <- data.frame(v = factor(grid$visit), base = 6.5, arm = grid$arm)
  L <- model.matrix(formulas[[data]][[formula]][-2], new)
  means <- if (structure == "unstructured" && !(data == "growth"))
    summary(emmeans(fit, ~ v | arm, at = list(base = 6.5), mode = "satterthwaite", data = d)) else NULL
  out <- list(id = paste(data, formula, structure), data = data, formula = formula,
       structure = structure, names = I(colnames(X)), coefficients = I(unname(coef(fit))),
       covariance = unname(vcov(fit)), sigma = S, log_likelihood = c(logLik(fit)),
       base = 6.5, arm = I(as.character(grid$arm)), visit = I(grid$visit),
       mean = I(c(L %*% coef(fit))), se = I(sqrt(diag(L %*% vcov(fit) %*% t(L)))),
       df = I(satterthwaite(theta, structure, d, X, L)))
  if (!is.null(means)) out <- c(out, list(emmeans = list(arm = I(as.character(means$arm)),
    visit = I(as.integer(means$v)), mean = I(means$emmean), se = I(means$SE), df = I(means$df))))
  out
}
cases <- list()
for (data in names(formulas)) for (formula in names(formulas[[data]])) for (structure in names(structures)) {
  cat(data, formula, structure, "\n")
  cases <- c(cases, list(one(data, formula, structure)))
}
writeLines(c(paste0(head("gls(formula, correlation = , weights = , method = 'REML'); emmeans(mode = 'satterthwaite'); numDeriv::hessian, grad"), ' "cases": ['),
             paste(vapply(cases, as_json, ""), collapse = ",\n"), "]}"), file.path(here, "mmrm_gls.json"))
