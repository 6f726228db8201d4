// SPDX-License-Identifier: Apache-2.0
/** Attribution methods over any model. */
@SuppressWarnings("module") // The modules that see internal packages are compiled later.
module io.github.attribution4j.core {
    requires com.google.gson;
    requires static org.jspecify;

    exports io.github.attribution4j;
    exports io.github.attribution4j.baseline;
    exports io.github.attribution4j.benchmark;
    exports io.github.attribution4j.cam;
    exports io.github.attribution4j.catalog;
    exports io.github.attribution4j.concept;
    exports io.github.attribution4j.evaluation;
    exports io.github.attribution4j.gradient;
    exports io.github.attribution4j.influence;
    exports io.github.attribution4j.internal to
            io.github.attribution4j.cli,
            io.github.attribution4j.djl,
            io.github.attribution4j.nd4j,
            io.github.attribution4j.onnx,
            io.github.attribution4j.spark,
            io.github.attribution4j.testkit;
    exports io.github.attribution4j.mask;
    exports io.github.attribution4j.metric;
    exports io.github.attribution4j.metric.agreement;
    exports io.github.attribution4j.metric.localization;
    exports io.github.attribution4j.metric.randomization;
    exports io.github.attribution4j.model;
    exports io.github.attribution4j.model.program;
    exports io.github.attribution4j.model.rule;
    exports io.github.attribution4j.path;
    exports io.github.attribution4j.perturbation;
    exports io.github.attribution4j.propagation;
    exports io.github.attribution4j.robust;
    exports io.github.attribution4j.run;
    exports io.github.attribution4j.setting;
    exports io.github.attribution4j.shapley;
    exports io.github.attribution4j.status;
    exports io.github.attribution4j.table;
    exports io.github.attribution4j.target;
    exports io.github.attribution4j.tensor;
    exports io.github.attribution4j.tensor.numpy;
    exports io.github.attribution4j.text;
    exports io.github.attribution4j.view;

    uses io.github.attribution4j.model.program.ModelFormat;
}
