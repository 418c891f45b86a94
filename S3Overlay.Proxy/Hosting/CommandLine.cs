namespace S3Overlay.Proxy.Hosting;

/// <summary>What was typed: a command and the settings behind it.</summary>
/// <param name="Command">The command, or null where the line cannot be understood.</param>
/// <param name="Options">The settings, as the configuration reads them (<c>--name=value</c>, <c>--name value</c>).</param>
/// <param name="Problem">What cannot be understood, or the empty string.</param>
public sealed record CommandLine(string? Command, string[] Options, string Problem)
{
    private static readonly string[] Commands = ["serve", "demo", "seed", "health", "doctor", "admin", "help", "version"];

    private static readonly string[] HostingOptions = ["port", "urls", "http_ports", "https_ports", "environment", "contentRoot",
        "applicationName"];

    /// <summary>
    /// Reads the command line. An option that nothing would read is refused, since a typing error would pass for the default.
    /// </summary>
    public static CommandLine Read(string[] arguments)
    {
        if (arguments is [("admin" or "doctor") and var own, ..])
        {
            // They have arguments of their own, and their own help.
            return new(own, arguments[1..], "");
        }

        if (arguments.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            return new("help", [], "");
        }

        if (arguments is ["--version"])
        {
            return new("version", [], "");
        }

        var command = arguments is [var first, ..] && !first.StartsWith('-') && !first.Contains('=') ? first : "serve";
        var options = command == "serve" && arguments is not ["serve", ..] ? arguments : arguments[1..];
        if (!Commands.Contains(command))
        {
            return new(null, [], $"There is no command \"{command}\".");
        }

        return ProblemOf(options) is { } problem ? new(null, [], problem) : new(command, options, "");
    }

    /// <summary>What is wrong with arguments that are to be settings; null for nothing.</summary>
    internal static string? ProblemOf(string[] options)
    {
        for (var i = 0; i < options.Length; i++)
        {
            if (!IsKnownOption(options[i], out var hasValue))
            {
                return $"There is no option \"{options[i]}\".";
            }

            if (!hasValue && ++i == options.Length)
            {
                return $"The option \"{options[^1]}\" lacks its value.";
            }
        }

        return null;
    }

    /// <summary>Whether an argument is a setting, and whether its value is in it.</summary>
    internal static bool IsKnownOption(string option, out bool hasValue)
    {
        var equals = option.IndexOf('=');
        hasValue = equals >= 0;
        var name = (hasValue ? option[..equals] : option).TrimStart('-');
        return (option.StartsWith("--", StringComparison.Ordinal) || hasValue)
            && (HostingOptions.Contains(name, StringComparer.OrdinalIgnoreCase)
                || name.StartsWith("S3_OVERLAY_", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("AWS_", StringComparison.OrdinalIgnoreCase)
                || name.Contains(':'));
    }
}
