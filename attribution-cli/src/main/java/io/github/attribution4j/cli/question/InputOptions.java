// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for model and input. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class InputOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            required = true,
            description = "TorchScript archive (.pt), as torch.jit.save writes it, ONNX model (.onnx), or XGBoost model"
                    + " (.json or .ubj).")
    public Path model = Path.of("");

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            description = "What runs the model: pytorch, onnx, xgboost, which has no gradients, or nd4j for SameDiff"
                    + " graphs (.fb) if attribution-nd4j is on the class path. Default: by what the file holds.")
    @Nullable
    String engine;

    @Option(
            names = {"-i", "--input"},
            paramLabel = "FILE",
            description =
                    "What is explained: .npz (each array is one input of the model, in the order stored, axis 0 counts "
                            + "examples), .npy, .csv with a header (each row is an example), or an image.")
    @Nullable
    Path input;

    @Mixin
    public TextOptions text = new TextOptions();

    @Option(
            names = "--inputs",
            paramLabel = "NAME",
            split = NameConverter.SPLIT,
            converter = NameConverter.class,
            description =
                    "Which arrays of an .npz are inputs of the model, in this order; PARAMETER=NAME gives an array to"
                            + " a parameter of the model by its name. Default: all, as stored.")
    List<String> inputs = new ArrayList<>();

    @Option(
            names = "--attribute",
            paramLabel = "NAME",
            split = NameConverter.SPLIT,
            converter = NameConverter.class,
            description = "Which arrays of the input are attributed; the others are held fixed. Default: all.")
    List<String> attribute = new ArrayList<>();

    @Option(
            names = "--fixed",
            paramLabel = "FILE",
            description = "More inputs, after those of --input, held fixed; a scalar is passed as it is.")
    @Nullable
    public Path fixed;

    @Option(
            names = "--constant",
            paramLabel = "FILE",
            description = "More inputs, after those, passed as they are whatever the number of examples.")
    @Nullable
    public Path constant;

    @Option(
            names = "--row-axis",
            paramLabel = "NAME=AXIS",
            split = ",",
            description =
                    "Which axis of an input counts examples, where it is not 0: h=1,c=1 for states of recurrent layers."
                            + " Attributions of it have examples on axis 0 all the same.")
    Map<String, Integer> rowAxis = new LinkedHashMap<>();

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description =
                    "The state that a model which changes itself starts from, as an .npz with an array for each name"
                            + " that"
                            + " 'doctor' prints. Default: that of the archive.")
    @Nullable
    Path state;

    @Option(names = "--rows", paramLabel = "I,J,...", description = "Explain these examples of the input alone: 0,3,7.")
    @Nullable
    String rows;

    @Option(
            names = "--drop",
            paramLabel = "COLUMN",
            split = NameConverter.SPLIT,
            converter = NameConverter.class,
            description = "Columns of a .csv that are no input, such as the label.")
    List<String> drop = new ArrayList<>();

    @Option(
            names = "--encoding",
            paramLabel = "NAME",
            description = "How a .csv stores characters: latin-1, windows-1252, utf-16. Default: utf-8.")
    @Nullable
    String encoding;

    @Option(
            names = "--schema",
            paramLabel = "FILE|index|one-hot",
            description = "How the columns of a .csv become numbers, if some hold categories: a file with lines such as"
                    + " 'age: number', 'income: number missing', 'member: boolean', 'size: index: small, large' or"
                    + " 'job: one-hot: clerk, nurse'. With index or one-hot the kinds are inferred from the cells."
                    + " Attributions are those of the columns of the .csv.")
    @Nullable
    String schema;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Compute in float32 or float64: converts the model, whose weights may be of 16 bits, and"
                    + " floating-point"
                    + " inputs. Tables may be read as int64 or int32 too. Default: as stored; float32 for"
                    + " images and"
                    + " tables, int64 for a table of integers where the model wants them.")
    @Nullable
    String dtype;

    @Option(names = "--size", paramLabel = "HxW", description = "Resize an image: 224 or 224x224.")
    @Nullable
    String size;

    @Option(
            names = "--channels",
            paramLabel = "1|3",
            description = "Give an image to the model as gray or RGB. Default: what the model accepts.")
    @Nullable
    Integer channels;

    @Option(
            names = "--pixel-scale",
            paramLabel = "X",
            defaultValue = "1",
            description = "The value of a white pixel before --mean and --std: 1 or 255. Default: ${DEFAULT-VALUE}.")
    double pixelScale = 1;

    @Option(
            names = "--mean",
            paramLabel = "X,X,X",
            description = "Subtracted from pixels, for each channel: 0.485,0.456,0.406.")
    @Nullable
    String mean;

    @Option(
            names = "--std",
            paramLabel = "X,X,X",
            description = "Pixels are divided by it, for each channel: 0.229,0.224,0.225.")
    @Nullable
    String std;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            defaultValue = "cpu",
            description = "cpu, cuda or cuda:N. Default: ${DEFAULT-VALUE}.")
    String device = "cpu";

    @Option(
            names = "--output",
            paramLabel = "NAME|N",
            description = "Which of several tensors that the model returns is explained, by name or position.")
    @Nullable
    String output;

    @Option(
            names = "--model-method",
            paramLabel = "NAME",
            defaultValue = "forward",
            description = "Which method of the model is called and explained. Default: ${DEFAULT-VALUE}.")
    String modelMethod = "forward";

    @Option(
            names = "--unbatched",
            arity = "0..1",
            fallbackValue = "auto",
            paramLabel = "one|many",
            description =
                    "The model takes one example without an axis of rows: (atoms, 3), or (1, 28, 28). The input holds"
                            + " one such "
                            + "example, or many along axis 0. Default: whichever of the two the model runs.")
    @Nullable
    String unbatched;

    @Option(names = "--threads", paramLabel = "N", description = "Threads within one operation of the engine.")
    @Nullable
    Integer threads;

    /** Some rows of the input; set where the file is read in parts. */
    RowParts.@Nullable Chosen chosen;

    /** Returns the numbers of the rows in the whole input, where it is read in parts. */
    public Optional<long[]> rowNumbers() {
        return Optional.ofNullable(chosen).map(RowParts.Chosen::numbers);
    }

    /**
     * Reads the input: a file, or a folder, whose files are its examples.
     *
     * @throws IllegalArgumentException also if files of the folder differ in shape
     */
    public Request readAll(RuledModel runs) throws IOException {
        Path folder = input;
        if (folder == null || !Files.isDirectory(folder)) {
            return Request.read(this, runs);
        }
        if (rows != null) {
            throw new IllegalArgumentException("--rows chooses among the rows of a file, and --input " + folder
                    + " is a folder; leave files out instead");
        }
        List<Path> files = InputFile.inFolder("--input " + folder, folder);
        try {
            input = files.get(0);
            Request first = Request.read(this, runs);
            List<Inputs> parts = new ArrayList<>();
            for (Path file : files) {
                parts.add(first.like(file));
            }
            Inputs all = Inputs.none();
            for (int i = 0; i < first.inputs().size(); i++) {
                Inputs.Input one = first.inputs().all().get(i);
                int place = i;
                Tensor joined = one.role() == Inputs.Role.CONSTANT
                        ? one.tensor()
                        : runs.tensors()
                                .concat(
                                        parts.stream()
                                                .map(part -> part.tensor(place))
                                                .toList(),
                                        one.rowAxis());
                all = all.with(new Inputs.Input(one.name(), joined, one.role(), one.features(), one.rowAxis()));
            }
            Inputs named = first.inputs().allowsMissing() ? all.allowMissing() : all;
            return new Request(named, first.file(), first.outputShape(), first.sources(), first.text());
        } finally {
            input = folder;
        }
    }

    /** Returns whether an input is given. */
    public boolean hasInput() {
        return input != null || text.given();
    }

    /**
     * Asks another model the same.
     *
     * @param otherInput the same examples as that model takes them; null for this file
     * @param otherOutput which output of that model is explained; null for the same
     */
    public void turnTo(Path otherModel, @Nullable Path otherInput, @Nullable String otherOutput) {
        model = otherModel;
        input = otherInput == null ? input : otherInput;
        output = otherOutput == null ? output : otherOutput;
    }

    /** Returns the input file, which some commands do not need. */
    public Path requiredInput() {
        if (input == null) {
            throw new IllegalArgumentException("--input is needed: a file with what is to be explained; or --text");
        }
        return input;
    }

    /** Returns whether the input is one example of a model without rows; both if only the model can decide. */
    List<Boolean> forms() {
        if (unbatched == null) {
            return List.of(false);
        }
        return switch (unbatched) {
            case "one" -> List.of(true);
            case "many" -> List.of(false);
            case "auto" -> {
                boolean rows = InputFile.isImage(requiredInput())
                        || requiredInput().toString().endsWith(".csv");
                yield rows ? List.of(false) : List.of(false, true);
            }
            default ->
                throw new IllegalArgumentException("--unbatched " + unbatched + ": choose one (the input is one "
                        + "example) or many (axis 0 counts examples)");
        };
    }

    /** Returns how files are read. */
    InputFile.Reading reading() throws IOException {
        ImageFile.Preparation preparation = new ImageFile.Preparation(
                heightAndWidth(),
                pixelScale,
                mean == null ? new double[0] : Texts.numbers("--mean", mean),
                std == null ? new double[0] : Texts.numbers("--std", std));
        return new InputFile.Reading(
                preparation,
                drop,
                dataType(),
                Optional.ofNullable(encoding).map(CsvText::encoding),
                schema == null ? Optional.empty() : Optional.of(EncodedTable.Schema.of(schema)));
    }

    private Optional<int[]> heightAndWidth() {
        if (size == null) {
            return Optional.empty();
        }
        long[] sides = Texts.integers("--size", size);
        if (sides.length > 2 || sides[0] < 1 || sides[sides.length - 1] < 1) {
            throw new IllegalArgumentException("--size " + size + ": give 224 or 224x224, height first");
        }
        return Optional.of(new int[] {(int) sides[0], (int) sides[sides.length - 1]});
    }

    /** Returns the type of --dtype. */
    Optional<DataType> dataType() {
        if (dtype == null) {
            return Optional.empty();
        }
        return switch (dtype) {
            case "float32" -> Optional.of(DataType.FLOAT32);
            case "float64" -> Optional.of(DataType.FLOAT64);
            case "int64" -> Optional.of(DataType.INT64);
            case "int32" -> Optional.of(DataType.INT32);
            default ->
                throw new IllegalArgumentException(
                        "--dtype " + dtype + ": choose float32 or float64, or for a table int64 or int32");
        };
    }

    /** Returns the numbers of channels to try, the more likely one first. */
    List<Integer> channelsToTry() throws IOException {
        if (channels != null) {
            if (channels != 1 && channels != 3) {
                throw new IllegalArgumentException("--channels " + channels + ": choose 1 (gray) or 3 (RGB)");
            }
            return List.of(channels);
        }
        Path file = requiredInput();
        if (!InputFile.isImage(file) || !Files.isRegularFile(file)) {
            return List.of(3);
        }
        return ImageFile.isGrey(file) ? List.of(1, 3) : List.of(3, 1);
    }
}
