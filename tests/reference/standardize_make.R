# Remakes standardize_r.json: Rscript tests/reference/standardize_make.R > tests/reference/standardize_r.json
# glm and predict of base R; sandwich variance of both estimating equations by hand; lme of nlme.
library(nlme)
n <- 120
i <- 0:(n - 1)
z <- (i * 7) %% 5 - 2
a <- as.integer((i * 11 + 3 * z) %% 7 < 3)
y <- as.integer((i * 13 + 4 * a + 2 * z) %% 10 < 4 + a)
fit <- glm(y ~ a + z, family = binomial())
one <- predict(fit, data.frame(a = 1, z = z), type = "response")
none <- predict(fit, data.frame(a = 0, z = z), type = "response")
x <- model.matrix(fit)
p <- fitted(fit)
d <- mean(one - none)
x1 <- x; x1[, "a"] <- 1
x0 <- x; x0[, "a"] <- 0
g <- colMeans(one * (1 - one) * x1 - none * (1 - none) * x0)
bread <- t(x) %*% (x * p * (1 - p)) / n
psi <- one - none - d + (x * (y - p)) %*% solve(bread, g)
se <- sqrt(mean(psi^2) / n)
who <- rep(1:15, times = rep(2:4, 5))
k <- unlist(lapply(rep(2:4, 5), seq_len))
dose <- 0.5 + 0.02 * (who %% 4) + 0.01 * k + 0.03 * ((seq_along(k) * 5) %% 3)
m <- ave(k, who)
trend <- lme(dose ~ k + m, random = ~ 1 | who, method = "REML")
cat(sprintf('{"difference": %.12f, "se": %.12f, "slope": %.10f, "slope_se": %.10f, "made_with": "%s, nlme %s"}\n',
            d, se, fixef(trend)[["k"]], sqrt(vcov(trend)["k", "k"]), R.version.string, packageVersion("nlme")))
