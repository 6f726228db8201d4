// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.target.Target;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code explain}, also the keys of a job of {@code batch}. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class ExplainOptions {
    @Mixin
    public InputOptions data = new InputOptions();

    @Option(
            names = {"-M", "--method"},
            paramLabel = "NAME",
            defaultValue = "integrated-gradients",
            description = "Method; 'attribution methods' lists them. Default: ${DEFAULT-VALUE}.")
    public String method = "";

    @Option(
            names = {"-s", "--set"},
            paramLabel = "NAME=VALUE",
            description = "A setting of the method; repeatable.")
    public List<String> set = new ArrayList<>();

    @Mixin
    public TargetOptions target = new TargetOptions();

    @Option(
            names = {"-l", "--layer"},
            paramLabel = "ADDRESS",
            description =
                    "Explain at this value instead of at the input: layer4 (a module's output), layer4:in, relu#1 (its "
                            + "second call), lstm[1], or several: a,b. A comma in a name is \\,. 'attribution layers'"
                            + " lists them.")
    @Nullable
    public String layer;

    @Option(
            names = "--unit",
            paramLabel = "UNIT",
            description = "With --layer: explain this unit of the layer by the input: " + Target.UNITS + ".")
    @Nullable
    public String unit;

    @Option(
            names = {"-b", "--baseline"},
            paramLabel = "BASELINE",
            description = "What absent means: " + Baseline.TEXTS + ". Short for --set baseline=...")
    @Nullable
    public String baseline;

    @Option(
            names = "--reference",
            paramLabel = "TOKEN",
            description = "What an absent token is: mask, pad, unk, or a token's name or id; special tokens and padding"
                    + " stay. Default with --text: mask, or else pad. Makes a --baseline.")
    @Nullable
    public String reference;

    @Option(
            names = "--mask",
            paramLabel = "MASK",
            description = "Which elements go absent together: " + FeatureMask.TEXTS + ". Short for --set mask=...")
    @Nullable
    public String mask;

    @Mixin
    public RunOptions run = new RunOptions();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description =
                    "Write attributions as .npz: attribution_0, attribution_1, ... in input order, completeness_gap.")
    @Nullable
    public Path out;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the explanation with its provenance as JSON.")
    @Nullable
    public Path json;

    @Option(
            names = "--keep-inputs",
            description = "Put the values of the inputs into the JSON; by default only digests are.")
    public boolean keepInputs;

    @Option(names = "--png", paramLabel = "FILE", description = "Draw it: a heat map of an image, bars of a table row.")
    @Nullable
    public Path png;

    @Option(names = "--svg", paramLabel = "FILE", description = "The same as SVG.")
    @Nullable
    public Path svg;

    @Option(names = "--html", paramLabel = "FILE", description = "The same as HTML.")
    @Nullable
    public Path html;

    @Option(
            names = "--picture",
            paramLabel = "KIND",
            description = "What is drawn: heat-map, bars, waterfall, series, tokens. Default: by the shape of the"
                    + " attributions.")
    @Nullable
    public String picture;

    @Option(
            names = "--tokens",
            paramLabel = "TEXT",
            arity = "0..1",
            fallbackValue = "",
            description = "Explain integer inputs by token, as --text does; with the tokens, separated by blanks, for"
                    + " pictures and the table, or =@FILE.")
    @Nullable
    public String tokens;

    @Option(
            names = "--show",
            paramLabel = "NAME",
            description = "Which of several inputs is drawn and listed. Default: all as bars.")
    @Nullable
    public String show;

    @Option(
            names = "--example",
            paramLabel = "N",
            defaultValue = "0",
            description = "Which examples are printed and drawn: 0, or 0,2, or all. Default: ${DEFAULT-VALUE}.")
    public String example = "0";

    @Option(
            names = "--top",
            paramLabel = "K",
            defaultValue = "12",
            description = "Features listed. Default: ${DEFAULT-VALUE}.")
    public int top = 12;
}
