// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.djl.DjlModel;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.program.ModelFormat;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.onnx.OnnxOptions;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Loaded models, each loaded once. */
public final class Models implements AutoCloseable {
    /** What identifies a loaded model: file and options. */
    record Key(
            Path file,
            Engine engine,
            String device,
            @Nullable String output,
            @Nullable Integer threads,
            String method,
            @Nullable DataType dataType,
            boolean unbatched,
            @Nullable Path state) {}

    /** What runs models. */
    enum Engine {
        PYTORCH,
        ONNX,
        XGBOOST,
        ND4J;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the engine of an option, or else of what a file holds. */
        static Engine of(InputOptions wanted, Path file) throws IOException {
            String name = wanted.engine;
            if (name == null) {
                return isSameDiff(file) ? ND4J : isOnnx(file) ? ONNX : isXgboost(file) ? XGBOOST : PYTORCH;
            }
            List<String> names = Arrays.stream(values()).map(Engine::label).toList();
            return Arrays.stream(values())
                    .filter(engine -> engine.label().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "--engine " + name + ": is unknown; " + NearNames.hint(name, names)));
        }
    }

    /** First bytes of a model in protobuf: its version, its producer's name or its producer's version. */
    private static final String ONNX_FIELDS = "\u0008\u0012\u001a";

    private final Map<Key, RuledModel> loaded = new LinkedHashMap<>();

    /** Returns the model of a file of any kind: --engine decides, else what the file holds rather than its name. */
    public RuledModel get(InputOptions wanted) throws IOException {
        Path file = wanted.model;
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString());
        }
        Key key = new Key(
                file.toRealPath(),
                Engine.of(wanted, file),
                wanted.device,
                wanted.output,
                wanted.threads,
                wanted.modelMethod,
                wanted.dataType().filter(DataType::isFloating).orElse(null),
                wanted.unbatched != null,
                wanted.state == null ? null : wanted.state.toRealPath());
        RuledModel model = loaded.get(key);
        if (model == null) {
            model = switch (key.engine()) {
                case ONNX -> onnx(file, key);
                case XGBOOST -> xgboost(file, key);
                case ND4J -> sameDiff(file, key);
                case PYTORCH -> torchScript(file, key);
            };
            loaded.put(key, model);
        }
        return model;
    }

    private static int first(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.read();
        }
    }

    /** Returns whether a file is to be read as ONNX: by its first byte, and by its name if that says nothing. */
    private static boolean isOnnx(Path file) throws IOException {
        int first = first(file);
        boolean archive = first == 'P';
        return ONNX_FIELDS.indexOf(first) >= 0
                || (!archive && file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx"));
    }

    /** Returns whether a file begins as an object of JSON or UBJSON does. */
    private static boolean isXgboost(Path file) throws IOException {
        return first(file) == '{';
    }

    /** Returns whether a file is to be read by SameDiff: by its name, since its bytes begin with a mere distance. */
    private static boolean isSameDiff(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".fb");
    }

    private static RuledModel sameDiff(Path file, Key key) {
        String kind = "a SameDiff graph";
        refuse(file, kind, "--model-method " + key.method(), !key.method().equals("forward"), "has no methods");
        refuse(file, kind, "--state", key.state() != null, "keeps no state");
        refuse(file, kind, "--unbatched", key.unbatched(), "takes rows here");
        refuse(file, kind, "--threads", key.threads() != null, "has the threads of its own library");
        refuse(file, kind, "--dtype", key.dataType() != null, "computes in the types of its file");
        refuse(file, kind, "--device " + key.device(), !key.device().equals("cpu"), "runs on the CPU here");
        ModelFormat format = ModelFormat.of(Engine.ND4J.label())
                .orElseThrow(() -> new IllegalArgumentException("--engine nd4j: " + file + " is " + kind
                        + ", and attribution-nd4j with ND4J is not on the class path; add its jars to the class path of"
                        + " the command line (docs/nd4j.md)"));
        return format.load(file, key.output());
    }

    private static RuledModel xgboost(Path file, Key key) {
        String kind = "an XGBoost model";
        refuse(file, kind, "--model-method " + key.method(), !key.method().equals("forward"), "has no methods");
        refuse(file, kind, "--state", key.state() != null, "keeps no state");
        refuse(file, kind, "--output " + key.output(), key.output() != null, "has a single output");
        refuse(file, kind, "--unbatched", key.unbatched(), "takes rows of a table");
        refuse(file, kind, "--threads", key.threads() != null, "has the threads of its own library");
        refuse(file, kind, "--dtype", key.dataType() == DataType.FLOAT64, "computes in float32");
        refuse(file, kind, "--device " + key.device(), !key.device().equals("cpu"), "runs on the CPU here");
        return new ForwardOnly(DjlModel.load(file, "XGBoost"));
    }

    private static RuledModel onnx(Path file, Key key) {
        String kind = "an ONNX model";
        refuse(
                file,
                kind,
                "--model-method " + key.method(),
                !key.method().equals("forward"),
                "is a graph, without methods");
        refuse(file, kind, "--state", key.state() != null, "keeps no state: what it keeps are inputs and outputs");
        OnnxOptions options = OnnxOptions.defaults().device(key.device());
        if (key.threads() != null) {
            options = options.threads(key.threads());
        }
        if (key.unbatched()) {
            options = options.unbatched();
        }
        if (key.dataType() == DataType.FLOAT32) {
            options = options.dataType(DataType.FLOAT32);
        }
        String output = key.output();
        if (output == null) {
            return OnnxModel.load(file, options);
        }
        options = output.matches("\\d{1,6}") ? options.output(Integer.parseInt(output)) : options.output(output);
        try {
            return OnnxModel.load(file, options);
        } catch (UnsupportedModelException e) {
            String said = String.valueOf(e.getMessage());
            if (said.startsWith("the model has no output") || said.startsWith("the output ")) {
                throw new IllegalArgumentException("--output " + output + ": " + said, e);
            }
            throw e;
        }
    }

    /** Refuses an option that only TorchScript archives have. */
    private static void refuse(Path file, String kind, String option, boolean given, String why) {
        if (given) {
            throw new IllegalArgumentException(
                    option + ": " + file + " is " + kind + ", which " + why + "; leave it out");
        }
    }

    private static RuledModel torchScript(Path file, Key key) throws IOException {
        LoadOptions options = LoadOptions.defaults().device(key.device()).method(key.method());
        if (key.threads() != null) {
            options = options.threads(key.threads());
        }
        if (key.dataType() != null) {
            options = options.dataType(key.dataType());
        }
        if (key.unbatched()) {
            options = options.unbatched();
        }
        String output = key.output();
        if (output != null) {
            options = output.matches("\\d{1,6}") ? options.output(Integer.parseInt(output)) : options.output(output);
        }
        if (key.state() == null) {
            return TorchScriptModel.load(file, options);
        }
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> state = NumpyFiles.readNpz(key.state(), Tensors.ofJava());
            return TorchScriptModel.load(file, options.state(state));
        }
    }

    @Override
    public void close() {
        loaded.values().forEach(RuledModel::close);
        loaded.clear();
    }
}
