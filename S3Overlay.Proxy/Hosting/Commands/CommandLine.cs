using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Embedded.Checking;
using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>
/// The command line. Every command takes settings (<c>--NAME=value</c>, <c>--NAME value</c>, <c>NAME=value</c>), which the configuration
/// reads; System.CommandLine parses what is left.
/// </summary>
internal static partial class CommandLine
{
    private static readonly string[] HostingOptions =
        ["port", "urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName"];

    /// <summary>For bash, and for zsh with its emulation of bash: the program itself lists what can follow.</summary>
    private const string CompletionScript = """
        # bash or zsh: eval "$(s3overlay completion)"
        [ -n "$ZSH_VERSION" ] && autoload -U +X bashcompinit && bashcompinit
        _s3overlay() {
            local IFS=$'\n' line="${COMP_LINE#* }"
            local words="$("${COMP_WORDS[0]}" "[suggest:$((COMP_POINT - ${#COMP_WORDS[0]} - 1))]" "$line" 2>/dev/null)"
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _s3overlay s3overlay
        """;

    /// <summary>The product's version, without the build's metadata.</summary>
    public static string Version { get; } = typeof(CommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Runs the command that the arguments name. Returns the process's exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        var isCompletion = arguments is [['[', ..], ..];
        var (own, command) = RunCommand.Split(arguments);
        var (settings, rest) = isCompletion ? ([], own) : SplitSettings(own);
        var line = Tree(settings, command, output, errors, isCompletion)
            .Parse(rest, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (line.Action is ParseErrorAction problem)
        {
            (problem.ShowHelp, problem.ShowTypoCorrections) = (false, false);
            await line.InvokeAsync(new() { Output = errors, Error = errors });
            foreach (var meant in Suggestions(line))
            {
                await errors.WriteLineAsync($"Did you mean '{meant}'?");
            }

            await errors.WriteLineAsync($"For help: s3overlay {PathOf(line.CommandResult.Command)}--help");
            return line.CommandResult.Command.Name == RunCommand.Name ? RunExitCodes.NotStarted : ExitCodes.BadConfiguration;
        }

        // RunningProxy handles signals: it lets requests finish, for longer than the library would wait.
        return await line.InvokeAsync(
            new() { Output = output, Error = errors, ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
    }

    /// <summary>Takes the settings out of the arguments. One without a value stays, for the parser to report.</summary>
    internal static (string[] Settings, string[] Others) SplitSettings(string[] arguments)
    {
        var (settings, rest) = (new List<string>(), new List<string>());
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!IsSetting(arguments[i], out var hasValue) || (!hasValue && i + 1 == arguments.Length))
            {
                rest.Add(arguments[i]);
                continue;
            }

            settings.Add(arguments[i]);
            if (!hasValue)
            {
                settings.Add(arguments[++i]);
            }
        }

        return ([.. settings], [.. rest]);
    }

    private static bool IsSetting(string argument, out bool hasValue)
    {
        var equals = argument.IndexOf('=');
        hasValue = equals >= 0;
        var name = (hasValue ? argument[..equals] : argument).TrimStart('-');
        return (hasValue || argument.StartsWith("--", StringComparison.Ordinal))
            && (HostingOptions.Contains(name, StringComparer.OrdinalIgnoreCase)
                || name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)
                // A section of the configuration, such as Logging:LogLevel:Default; not a key of a bucket.
                || (name.Contains(':') && !name.Contains('/')));
    }

    /// <summary>The library suggests no old name of a command, and <c>-h</c> for any short word.</summary>
    private static IEnumerable<string> Suggestions(ParseResult line)
    {
        var commands = line.CommandResult.Command.Subcommands.Select(static command => command.Name).ToList();
        var options = new List<string>();
        for (SymbolResult? at = line.CommandResult; at is CommandResult { Command: var command }; at = at.Parent)
        {
            options.AddRange(command.Options.Where(option => option.Recursive || at == line.CommandResult).Select(option => option.Name));
        }

        // An option that the parser does not know can also be taken for an argument.
        var arguments = line.Tokens.Where(static token => token.Type == TokenType.Argument).Select(static token => token.Value);
        return line.UnmatchedTokens.Concat(arguments).Distinct()
            .Select(word => Spelling.Nearest(word, word.StartsWith('-') ? options : commands) is { } meant && meant != word ? meant : null)
            .OfType<string>();
    }

    private static RootCommand Tree(string[] settings, string[] command, TextWriter output, TextWriter errors, bool isCompletion)
    {
        var root = new RootCommand(
            "S3Overlay shows a remote S3 bucket with your own changes on top. Reads fall through to the remote, writes stay local.\n"
            + "Without a command it serves S3. Set it up with environment variables, or with --NAME=value on the command line;\n"
            + "\"s3overlay help\" lists every setting.");
        var words = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.ZeroOrMore, Description = "The command to explain." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var repair = new Option<bool>("--repair") { Description = "Repair what can be repaired." };
        var deep = new Option<bool>("--deep") { Description = "Read all stored bytes and compare them with their checksums." };
        var adopt = new Option<bool>("--adopt")
            { Description = "Take lost objects back even if a delete of their key may have been forgotten." };
        var emptyLost = new Option<bool>("--empty-lost") { Description = "Delete the files in lost/ that are not taken back." };
        Command[] commands =
        [
            Make("serve", "Serve S3. This is the default.", _ => ServeCommand.RunAsync(settings), null, ServeExamples),
            Make("demo", "Start a sample remote and an overlay on top of it, and print commands to try.",
                _ => DemoCommand.RunAsync(settings), null, "s3overlay demo"),
            Make("seed", "Put the demo's sample objects into the local layer.", _ => DemoCommand.SeedAsync(settings),
                null, "s3overlay seed --S3_OVERLAY_LOCAL_ENDPOINT=http://127.0.0.1:9000"),
            Make("health", "Exit with 0 if the proxy with these settings is ready, with 1 if not.",
                _ => ServeCommand.CheckHealthAsync(settings), null, "s3overlay health", "s3overlay health --urls http://127.0.0.1:9000"),
            Make("doctor", "Check the settings, and what they lead to: folders, ports, stores, credentials, buckets.",
                line => new DoctorCommand(output).RunAsync(settings, line.GetValue(json)), DoctorCommand.Details,
                "s3overlay doctor --S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.org --S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos"),
            Make("check", "Check the data folder of the built-in store, and repair it.",
                line => new CheckCommand(output, errors).RunAsync(settings, new CheckOptions
                {
                    MustRepair = line.GetValue(repair),
                    IsDeep = line.GetValue(deep),
                    MustAdopt = line.GetValue(adopt),
                    MustEmptyLost = line.GetValue(emptyLost),
                }, line.GetValue(json)), CheckCommand.Details,
                "s3overlay check", "s3overlay check --deep --S3_OVERLAY_DATA_DIR=/var/lib/s3overlay", "s3overlay check --repair"),
            new RunCommand(settings, command, errors).Build(),
            RunCommand.BuildSharedCache(),
            new EnvCommand(settings, output, errors).Build(),
            .. AdministrationCommands.Of(new CommandContext(new Screen(output, errors), endpoint => FindProxy(settings, endpoint, errors))),
            Make("completion", "Print a script that completes commands and settings in bash and zsh.", _ => PrintAsync(CompletionScript),
                null, "eval \"$(s3overlay completion)\""),
            Make("help", "Explain a command, or list all commands and settings.", line => HelpAsync(line.GetValue(words) ?? []),
                null, "s3overlay help", "s3overlay help evict"),
            Make("version", "Print the version.", _ => PrintAsync($"s3overlay {Version}")),
        ];
        Array.ForEach(commands, root.Subcommands.Add);
        commands.Single(command => command.Name == "doctor").Options.Add(json);
        Array.ForEach<Option>([repair, deep, adopt, emptyLost, json], commands.Single(command => command.Name == "check").Options.Add);
        commands.Single(command => command.Name == "help").Arguments.Add(words);
        root.Action = commands[0].Action;
        root.Options.Clear();
        root.Options.Add(new HelpOption("--help", "-h", "-?") { Action = new HelpWithExamples() });
        root.Options.Add(new VersionOption { Action = new PrintVersion() });
        root.Options.Add(Setting("--port", "The port to listen on.", isHidden: false));
        root.Options.Add(Setting("--urls", "The addresses to listen on, such as http://0.0.0.0:9000.", isHidden: false));

        // Parsed by the configuration. They are here for completion, and to report one that lacks its value.
        foreach (var setting in Settings.All)
        {
            root.Options.Add(Setting("--" + setting.Name, setting.Description, isHidden: !isCompletion));
        }

        return root;

        async Task<int> HelpAsync(string[] path)
        {
            var code = await RunAsync([.. path, "--help"], output, errors);
            if (path.Length == 0)
            {
                await output.WriteLineAsync(SettingsText());
            }

            return code;
        }

        async Task<int> PrintAsync(string text)
        {
            await output.WriteLineAsync(text);
            return ExitCodes.Ok;
        }
    }

    /// <summary>The running proxy that the settings describe, and the first of their keys that may administer.</summary>
    private static ProxyAddress? FindProxy(string[] settings, Uri? endpoint, TextWriter errors)
    {
        if (ProxyBuilder.ReadOptions(ProxyBuilder.FromEnvironment(settings).Configuration, errors, out _) is not { } options)
        {
            return null;
        }

        if (options.Clients.Keys.FirstOrDefault(key => key.IsAdministrator) is not { } key)
        {
            errors.WriteLine(
                "No key in the settings may administer. Set S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY, "
                + "or give a key of S3_OVERLAY_KEYS_FILE \"admin\": true.");
            return null;
        }

        if ((endpoint ?? options.Listen.Plain) is not { } address)
        {
            errors.WriteLine("The proxy has no plain HTTP address. Name its URL: --endpoint https://s3.example.org");
            return null;
        }

        return new(address, new SigningCredentials(key.AccessKey, key.SecretKey), options.Clients.Region ?? AwsHosts.DefaultRegion);
    }

    private static readonly string[] ServeExamples =
    [
        "s3overlay --port 9000 --S3_OVERLAY_REMOTE_ENDPOINT=https://s3.example.org --S3_OVERLAY_BUCKET_MAPPING=photos:prod-photos",
        "S3_OVERLAY_CACHE_ENABLED=true S3_OVERLAY_REMOTE_REGION=eu-central-1 s3overlay serve",
    ];

    private static CommandWithExamples Make(string name, string description, Func<ParseResult, Task<int>> run,
        string? details = null, params string[] examples)
    {
        var command = new CommandWithExamples(name, description, examples) { Details = details };
        command.SetAction(run);
        return command;
    }

    private static Option<string> Setting(string name, string description, bool isHidden) =>
        new(name) { Description = description, Recursive = true, Hidden = isHidden, HelpName = "value" };

    private static string PathOf(Command command) => command is RootCommand
        ? ""
        : PathOf(command.Parents.OfType<Command>().First()) + command.Name + " ";

    /// <summary>All settings, with links as names of files and without Markdown's marks.</summary>
    private static string SettingsText()
    {
        var text = new StringBuilder("Settings:");
        foreach (var area in Settings.Documented.GroupBy(setting => setting.Area))
        {
            text.AppendLine().Append("  ").AppendLine(area.Key);
            foreach (var setting in area)
            {
                text.AppendLine($"    {setting.Name}{(setting.Default is null ? "" : $" [{setting.Default}]")}");
                text.AppendLine($"        {Link().Replace(setting.Description, "docs/$1").Replace("`", "", StringComparison.Ordinal)}");
            }
        }

        return text.ToString().TrimEnd();
    }

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"s3overlay {Version}");
            return ExitCodes.Ok;
        }
    }

    /// <summary>The library's help, and examples below it.</summary>
    private sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        private readonly HelpAction _help = new();

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            _help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            var command = parseResult.CommandResult.Command as CommandWithExamples;
            if (command?.Details is { } details)
            {
                output.WriteLine($"{details}\n");
            }

            var examples = command?.Examples ?? ServeExamples;
            if (examples.Count > 0)
            {
                output.WriteLine($"Examples:\n  {string.Join("\n  ", examples)}\n");
            }

            return ExitCodes.Ok;
        }
    }
}
