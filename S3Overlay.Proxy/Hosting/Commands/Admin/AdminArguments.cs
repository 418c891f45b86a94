using System.Globalization;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>What was typed behind <c>admin</c>.</summary>
internal sealed record AdminArguments
{
    /// <summary>The calls there are.</summary>
    public static readonly string[] Calls = ["explain", "tombstones", "drop", "discard", "compact"];

    /// <summary>Which call; the empty string where none was named.</summary>
    public string Call { get; private init; } = "";

    /// <summary>The bucket; null where none was named.</summary>
    public string? Bucket { get; private init; }

    /// <summary>The key; null where none was named.</summary>
    public string? Key { get; private init; }

    /// <summary>What the keys start with; null where it was not said.</summary>
    public string? Prefix { get; private init; }

    /// <summary>Whether every bucket is meant.</summary>
    public bool IsForAll { get; private init; }

    /// <summary>Whether the remote is left alone.</summary>
    public bool LeavesRemoteAlone { get; init; }

    /// <summary>How many rows at most; null for all.</summary>
    public int? Limit { get; private init; }

    /// <summary>Whether the answer is shown as it came.</summary>
    public bool IsRaw { get; private init; }

    /// <summary>Whether help was asked for.</summary>
    public bool WantsHelp { get; private init; }

    /// <summary>Where the proxy is; null for where the settings have it listen.</summary>
    public Uri? Endpoint { get; private init; }

    /// <summary>The settings among the arguments, for the configuration.</summary>
    public string[] Settings { get; private init; } = [];

    /// <summary>What cannot be understood, or the empty string.</summary>
    public string Problem { get; private init; } = "";

    /// <summary>Reads the arguments.</summary>
    public static AdminArguments Read(IReadOnlyList<string> arguments)
    {
        var read = new AdminArguments();
        var settings = new List<string>();
        for (var i = 0; i < arguments.Count && read.Problem.Length == 0; i++)
        {
            var argument = arguments[i];
            var equals = argument.IndexOf('=');
            var name = argument.StartsWith("--", StringComparison.Ordinal) && equals > 0 ? argument[..equals] : argument;
            string? Value() => equals > 0 && name != argument ? argument[(equals + 1)..] : i + 1 < arguments.Count ? arguments[++i] : null;
            if (CommandLine.IsKnownOption(argument, out var hasValue))
            {
                settings.Add(argument);
                if (!hasValue && Value() is { } value)
                {
                    settings.Add(value);
                }

                continue;
            }

            read = name switch
            {
                "--help" or "-h" or "-?" => read with { WantsHelp = true },
                "--all" => read with { IsForAll = true },
                "--no-remote" => read with { LeavesRemoteAlone = true },
                "--json" => read with { IsRaw = true },
                "--prefix" => Value() is { } prefix ? read with { Prefix = prefix } : read.Lacks(name),
                "--limit" => read.WithLimit(Value()),
                "--endpoint" => read.WithEndpoint(Value()),
                _ when name.StartsWith('-') => read with { Problem = $"There is no option \"{name}\"." },
                _ when read.Call.Length == 0 => read.WithCall(argument),
                _ when read.Bucket is null => read.WithTarget(argument),
                _ => read with { Problem = $"\"{argument}\" is one argument too many. Keys with spaces stand in quotes." },
            };
        }

        return read with { Settings = [.. settings] };
    }

    /// <summary>The parameters of the call.</summary>
    public IEnumerable<KeyValuePair<string, string>> Parameters()
    {
        if (Bucket is not null)
        {
            yield return new("bucket", Bucket);
        }

        if (Key is not null)
        {
            yield return new("key", Key);
        }

        if (Prefix is not null)
        {
            yield return new("prefix", Prefix);
        }

        if (IsForAll)
        {
            yield return new("all", "true");
        }

        if (LeavesRemoteAlone)
        {
            yield return new("remote", "false");
        }
    }

    private AdminArguments Lacks(string option) => this with { Problem = $"The option \"{option}\" lacks its value." };

    private AdminArguments WithCall(string call) =>
        Calls.Contains(call) ? this with { Call = call }
            : this with { Problem = $"There is no call \"{call}\". There are: {string.Join(", ", Calls)}." };

    /// <summary>A bucket, or a bucket and a key behind a slash: as the aws command line has them, too.</summary>
    private AdminArguments WithTarget(string target)
    {
        const string Scheme = "s3://";
        var path = target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? target[Scheme.Length..] : target;
        var slash = path.IndexOf('/');
        return slash < 0 ? this with { Bucket = path }
            : this with { Bucket = path[..slash], Key = slash + 1 < path.Length ? path[(slash + 1)..] : null };
    }

    private AdminArguments WithLimit(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? this with { Limit = limit }
            : this with { Problem = "--limit needs a number." };

    private AdminArguments WithEndpoint(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
            ? this with { Endpoint = endpoint }
            : this with { Problem = "--endpoint needs a URL, such as http://127.0.0.1:8000." };
}
