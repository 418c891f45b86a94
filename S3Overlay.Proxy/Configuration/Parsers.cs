using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration;

/// <summary>Reads the values of settings. A <see cref="FormatException"/> says what is wrong and what to write instead.</summary>
internal static class Parsers
{
    public static string Text(string text) => text;

    public static bool Switch(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "yes" or "on" => true,
        "false" or "0" or "no" or "off" => false,
        _ => throw new FormatException("must be true or false."),
    };

    public static long Size(string text) => ByteSize.Parse(text);

    /// <summary>The size of something that is cut into pieces. 5 GiB is what S3 takes in one piece.</summary>
    public static long PieceSize(string text) => ByteSize.Parse(text) is var size and > 0 and <= 5L << 30
        ? size
        : throw new FormatException("must be at least 1 byte and at most 5GiB.");

    /// <summary>A bound on what is put in one piece; 0 for nothing.</summary>
    public static long PieceSizeOrNone(string text) => ByteSize.Parse(text) is var size and >= 0 and <= 5L << 30
        ? size
        : throw new FormatException("must be at most 5GiB.");

    public static long? OptionalSize(string text) => ByteSize.Parse(text);

    public static int Count(string text) => int.TryParse(text, out var count) && count > 0
        ? count
        : throw new FormatException("must be a whole number from 1.");

    /// <summary>The value a name stands for; the names are listed where it is none of them.</summary>
    public static Func<string, T> OneOf<T>(params (string Name, T Value)[] choices) => text =>
    {
        foreach (var (name, value) in choices)
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        throw new FormatException($"must be one of {string.Join(", ", choices.Select(choice => choice.Name))}.");
    };

    /// <summary>Addresses to listen on without TLS.</summary>
    public static IReadOnlyList<string> PlainAddresses(string text)
    {
        var addresses = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return addresses.Length > 0 && addresses.All(address => ListenAddresses.IsWellFormed(address) && address.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            ? addresses
            : throw new FormatException("must be addresses to listen on, such as http://127.0.0.1:9100.");
    }

    public static Uri? Endpoint(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new FormatException("must be a URL such as https://s3.example.com or http://127.0.0.1:9000.");
        }

        return uri is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            ? uri
            : throw new FormatException("must be scheme, host and port alone: bucket names belong into S3_OVERLAY_BUCKET_MAPPING, keys into their own settings.");
    }

    /// <summary>Names of remotes, as they can stand in the name of a variable.</summary>
    public static IReadOnlyList<string> RemoteNames(string text)
    {
        var names = text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(name => !char.IsAsciiLetter(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) is { } bad)
        {
            throw new FormatException($"\"{bad}\" is not a name: write letters, digits, - and _, a letter first, as in images,logs-eu.");
        }

        return names.GroupBy(name => name.Replace('-', '_'), StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new FormatException($"{string.Join(" and ", twice.Select(name => $"\"{name}\""))} would have the same settings. Name each remote once.")
            : names;
    }

    public static string Folder(string text) => Path.GetFullPath(text);

    public static string? ExistingFile(string text) => File.Exists(text)
        ? Path.GetFullPath(text)
        : throw new FormatException("there is no such file.");

    public static string BucketName(string text) => BucketNames.IsAddressable(text)
        ? text
        : throw new FormatException("is not a bucket name (letters, digits, dots and dashes).");

    /// <summary>A region, as it stands in a signature's scope.</summary>
    public static string? Region(string text) => !text.AsSpan().ContainsAny("/, \t")
        ? text
        : throw new FormatException("must be a region's name such as us-east-1.");

    /// <summary>A host name under which buckets are sub-domains.</summary>
    public static string Domain(string text) => Uri.CheckHostName(text) == UriHostNameType.Dns
        ? text.ToLowerInvariant()
        : throw new FormatException("must be a host name such as localhost or s3.example.com, without scheme and port.");
}
