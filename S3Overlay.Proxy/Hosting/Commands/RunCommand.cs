using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Hosting.Run;
using S3Overlay.Proxy.Hosting.Run.SharedCache;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Hosting.Commands;

/// <summary>The command <c>run</c>, and the hidden one that is its shared cache.</summary>
/// <param name="settings">Settings from the command line.</param>
/// <param name="words">What follows <c>--</c>: the command to run.</param>
/// <param name="errors">For problems and the report.</param>
internal sealed class RunCommand(string[] settings, string[] words, TextWriter errors)
{
    public const string Name = "run";

    private const string Details = """
        Settings of the remote are those of "serve". Changes are discarded at the end; the remote is only ever read.
        The command gets AWS_ENDPOINT_URL_S3 and keys of its own, and no credentials of yours. This is no sandbox. See docs/ci.md.

        Exit codes: the command's own; 128+n if signal n ended it; 4 if it changed something, with --fail-on-change; 125 the proxy could
        not be started; 126 the command cannot be executed; 127 it was not found.
        """;

    /// <summary>Short forms of the settings that most runs need.</summary>
    private static readonly (string Option, Setting Setting, string Value)[] Short =
    [
        ("--remote-profile", Settings.RemoteProfile, "NAME"), ("--remote-endpoint", Settings.RemoteEndpoint, "URL"),
        ("--remote-region", Settings.RemoteRegion, "REGION"), ("--bucket-mapping", Settings.Mapping, "LOCAL:REMOTE"),
        ("--revalidate", Settings.Revalidate, "WHEN"),
    ];

    private readonly Option<string?> _data = new("--data") { Description = "Keep the changes in this folder.", HelpName = "DIR" };
    private readonly Option<bool> _failOnChange = new("--fail-on-change") { Description = "End with 4 if anything was changed." };
    private readonly Option<string?> _cacheDir = new("--cache-dir")
        { Description = "The folder of the cache, which parallel runs share. Default: $XDG_CACHE_HOME/s3overlay.", HelpName = "DIR" };

    private readonly Option<long?> _cacheSize = new("--cache-size")
    {
        Description = "The most bytes to cache. Default: 10GiB.",
        HelpName = "SIZE",
        CustomParser = Parse<long?>(static text => ByteSize.Parse(text)),
    };

    private readonly Option<TimeSpan?> _cacheLinger = new("--cache-linger")
    {
        Description = "How long the cache's process runs on after its last run. Default: 1m.",
        HelpName = "TIME",
        CustomParser = Parse<TimeSpan?>(static text => Durations.Parse(text)),
    };

    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Read the remote without a cache." };

    private readonly Option<string?>[] _short =
        [.. Short.Select(static each => new Option<string?>(each.Option) { Description = $"{each.Setting.Name}.", HelpName = each.Value })];

    /// <summary>The words after <c>--</c>, if the words before it name this command; they must not be taken for settings.</summary>
    public static (string[] Own, string[] Command) Split(string[] arguments)
    {
        var dashes = Array.IndexOf(arguments, "--");
        return dashes >= 0 && CommandLine.SplitSettings(arguments[..dashes]).Others is [Name, ..]
            ? (arguments[..dashes], arguments[(dashes + 1)..])
            : (arguments, []);
    }

    /// <summary>The command.</summary>
    public Command Build()
    {
        var run = new CommandWithExamples(
            Name,
            "Run a command against an overlay of its own: s3overlay run [settings] -- COMMAND...",
            "s3overlay run --remote-profile prod -- pytest",
            "s3overlay run --remote-endpoint https://minio.example.com --bucket-mapping data:prod-data -- make test",
            "s3overlay run --fail-on-change --remote-profile prod -- ./report.sh") { Details = Details };
        Array.ForEach<Option>([_data, _failOnChange, _cacheDir, _cacheSize, _cacheLinger, _noCache, .. _short], run.Options.Add);
        run.SetAction(RunAsync);
        return run;
    }

    /// <summary>The process of a shared cache.</summary>
    public static Command BuildSharedCache()
    {
        var parts = new Argument<string[]>("parts") { Arity = new ArgumentArity(5, 5) };
        var command = new Command(CacheUse.Command) { Hidden = true };
        command.Arguments.Add(parts);
        command.SetAction(async line =>
        {
            var part = line.GetValue(parts)!;
            var arguments = new CacheProxyArguments(
                part[0], part[1], part[2], long.Parse(part[3], CultureInfo.InvariantCulture),
                TimeSpan.FromSeconds(double.Parse(part[4], CultureInfo.InvariantCulture)));
            await using var ready = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
            return await new CacheProxy(new CacheFiles(arguments.Root, arguments.Name), arguments, ready).RunAsync();
        });
        return command;
    }

    private async Task<int> RunAsync(ParseResult line)
    {
        if (words.Length == 0)
        {
            await errors.WriteLineAsync("s3overlay: no command. Write it after --, such as: s3overlay run --remote-profile prod -- pytest");
            return RunExitCodes.NotStarted;
        }

        return await new RunSession(new RunOptions
        {
            Command = words,
            Settings =
            [
                .. settings,
                .. Short.Zip(_short, (each, option) => (each.Setting, Value: line.GetValue(option)))
                    .Where(static each => each.Value is not null).Select(static each => $"--{each.Setting.Name}={each.Value}"),
            ],
            DataFolder = line.GetValue(_data) is { } folder ? Path.GetFullPath(folder) : null,
            FailsOnChange = line.GetValue(_failOnChange),
            UsesCache = !line.GetValue(_noCache),
            CacheFolder = line.GetValue(_cacheDir),
            CacheSize = line.GetValue(_cacheSize),
            CacheLinger = line.GetValue(_cacheLinger) ?? TimeSpan.FromMinutes(1),
        }, errors).RunAsync();
    }

    private static Func<ArgumentResult, T?> Parse<T>(Func<string, T> parse) => argument =>
    {
        try
        {
            return parse(argument.Tokens[0].Value);
        }
        catch (FormatException problem)
        {
            argument.AddError($"{argument.Tokens[0].Value}: {problem.Message}");
            return default;
        }
    };
}
