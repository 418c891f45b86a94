using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Operations;

namespace S3Overlay.Proxy.Configuration;

/// <summary>Reads the values of settings. A <see cref="FormatException"/> says what is wrong and what to write instead.</summary>
internal static class Parsers
{
    private static readonly Func<string, AddressingStyle> Styles =
        OneOf(("auto", AddressingStyle.Auto), ("path", AddressingStyle.Path), ("virtual", AddressingStyle.Virtual));

    private static readonly Func<string, StoreMake?> Stores = OneOf([.. StoreMakes.Choices]);

    public static string Text(string text) => text;

    public static bool Switch(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "yes" or "on" => true,
        "false" or "0" or "no" or "off" => false,
        _ => throw new FormatException("must be true or false."),
    };

    public static bool? OptionalSwitch(string text) => Switch(text);

    public static long Size(string text) => ByteSize.Parse(text);

    /// <summary>
    /// The size of chunks. S3 accepts at most 5 GiB in one request; below 16 KiB, a large object has too many chunks.
    /// </summary>
    public static long ChunkSize(string text) => ByteSize.Parse(text) is var size and >= 16L << 10 and <= 5L << 30
        ? size
        : throw new FormatException("must be at least 16KiB and at most 5GiB.");

    /// <summary>The largest object to copy in one request; 0 for none.</summary>
    public static long PieceSizeOrNone(string text) => ByteSize.Parse(text) is var size and >= 0 and <= 5L << 30
        ? size
        : throw new FormatException("must be at most 5GiB.");

    public static long? OptionalSize(string text) => ByteSize.Parse(text);

    public static int Count(string text) => int.TryParse(text, out var count) && count > 0
        ? count
        : throw new FormatException("must be a whole number from 1.");

    public static int? Port(string text) => int.TryParse(text, out var port) && port is >= 0 and <= IPEndPoint.MaxPort
        ? port
        : throw new FormatException("must be a port, a whole number from 0 to 65535.");

    /// <summary>A number of misses. Each object's are counted in one byte.</summary>
    public static int Misses(string text) => Count(text) is var count and <= byte.MaxValue
        ? count
        : throw new FormatException($"must be a whole number from 1 to {byte.MaxValue}.");

    /// <summary>A value that is sent in a header unchanged: an access key or session token.</summary>
    public static string? Token(string text) => !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? text
        : throw new FormatException("must be without spaces, line ends and letters beyond ASCII.");

    public static AddressingStyle Addressing(string text) => Styles(text);

    /// <summary>The vendor of an endpoint; null to detect it.</summary>
    public static StoreMake? Store(string text) => Stores(text);

    /// <summary>Parses one of several names.</summary>
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
        return addresses.Length > 0 && addresses.All(address => ListenAddresses.IsWellFormed(address)
            && address.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            ? addresses
            : throw new FormatException("must be addresses to listen on, such as http://127.0.0.1:9100.");
    }

    /// <summary>Addresses of the console; none for <c>false</c>.</summary>
    public static IReadOnlyList<string> ConsoleAddresses(string text)
    {
        if (text.ToLowerInvariant() is "false" or "0" or "no" or "off")
        {
            return [];
        }

        var addresses = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (addresses.Length == 0 || !addresses.All(address => ListenAddresses.IsWellFormed(address) && (IsPlain(address)
            || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))))
        {
            throw new FormatException("must be false, or addresses to listen on, such as http://127.0.0.1:8001.");
        }

        // A cookie has one name: that of a session over TLS must not be sent without.
        return addresses.All(IsPlain) || !addresses.Any(IsPlain) ? addresses
            : throw new FormatException("has http and https addresses: use one of the two for all.");

        static bool IsPlain(string address) => address.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
    }

    public static Uri? Endpoint(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new FormatException("must be a URL such as https://s3.example.com or http://127.0.0.1:9000.");
        }

        return uri is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            ? uri
            : throw new FormatException(
                "must be scheme, host and port alone: put bucket names into S3_OVERLAY_BUCKET_MAPPING and keys into their own settings.");
    }

    /// <summary>Names of remotes, which become part of variable names.</summary>
    public static IReadOnlyList<string> RemoteNames(string text)
    {
        var names = text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.FirstOrDefault(name => !char.IsAsciiLetter(name[0]) || name
            .Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) is { } bad)
        {
            throw new FormatException($"\"{bad}\" is not a name: write letters, digits, - and _, a letter first, as in images,logs-eu.");
        }

        return names.GroupBy(name => name.Replace('-', '_'), StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw new FormatException(
                $"{string.Join(" and ", twice.Select(name => $"\"{name}\""))} would have the same settings. Name each remote once.")
            : names;
    }

    /// <summary>Addresses and networks. A network with bits set after its prefix is a mistake.</summary>
    public static IReadOnlyList<IPNetwork> Networks(string text)
    {
        var networks = new List<IPNetwork>();
        var wrong = new List<string>();
        foreach (var part in text.Split([',', ';', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var first = part.Split('/')[0];

            // 10.1 would parse as 10.0.0.1, and 010.0.0.1 as 8.0.0.1: hardly ever what was meant.
            if (IPAddress.TryParse(first, out var address)
                && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == first)
                && IPNetwork.TryParse(first.Length < part.Length ? part
                    : $"{part}/{(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)}", out var network)
                && network.BaseAddress.Equals(address))
            {
                networks.Add(network);
            }
            else
            {
                wrong.Add($"\"{part}\"");
            }
        }

        return wrong.Count == 0 && networks.Count > 0
            ? networks
            : throw new FormatException(
                "must be addresses, or networks by their first address, such as 10.0.0.7,192.168.0.0/16,fd00::/8; "
                + $"{(wrong.Count > 0 ? string.Join(", ", wrong) : "it")} is not.");
    }

    public static string Folder(string text) => Path.GetFullPath(text);

    public static string? ExistingFile(string text) => File.Exists(text)
        ? Path.GetFullPath(text)
        : throw new FormatException("there is no such file.");

    /// <summary>A file of certificates. Checked here, because otherwise every connection would fail.</summary>
    public static string? CertificateFile(string text)
    {
        var path = ExistingFile(text)!;
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(path);
            return found.Count > 0 ? path
                : throw new FormatException("has no certificate in it. Give a file with lines of -----BEGIN CERTIFICATE-----.");
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"cannot be read as certificates: {failure.Message}");
        }
    }

    /// <summary>Buckets, or objects in them, that anyone may read.</summary>
    public static IReadOnlyList<BucketRight> ReadableByAll(string text)
    {
        var patterns = text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        List<BucketRight> rights = [.. patterns.Select(pattern => new BucketRight(pattern, AccessRight.Read))];
        return rights.Count == 0
            ? throw new FormatException("names nothing. Write buckets, or objects in them, such as photos,photos/2024/*.")
            : rights.Find(static right => !right.MayCover()) is { } bad
            ? throw new FormatException(
                $"\"{bad.Pattern}\" must be a bucket, or objects in one, of a name that there can be: photos, photos/2024/*.")
            : rights;
    }

    /// <summary>Names of buckets.</summary>
    public static IReadOnlySet<string> ListedBuckets(string text) => text
        .Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(BucketName)
        .ToHashSet(StringComparer.Ordinal);

    public static string BucketName(string text) => BucketNames.IsAddressable(text)
        ? text
        : throw new FormatException("is not a bucket name (letters, digits, dots and dashes).");

    /// <summary>A region, as in a signature's scope.</summary>
    public static string? Region(string text) => text.All(static c => c is > ' ' and <= '~' and not ('/' or ','))
        ? text
        : throw new FormatException("must be a region's name such as us-east-1.");

    /// <summary>An account's id.</summary>
    public static string? Account(string text) => ExpectedOwners.IsAccount(text)
        ? text
        : throw new FormatException("must be an account's id of 12 digits.");

    /// <summary>Host names in lower case. <c>*.</c> before one means all names below it.</summary>
    public static IReadOnlyList<string> HostNames(string text)
    {
        var names = text.ToLowerInvariant().Split([',', ';', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0 && names.All(static name => Uri.CheckHostName(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..]
            : name) is UriHostNameType.Dns or UriHostNameType.IPv4)
            ? names
            : throw new FormatException("must be host names such as s3.example.com,*.lan.example, without scheme and port.");
    }

    /// <summary>A host name under which buckets are sub-domains.</summary>
    public static string Domain(string text) => Uri.CheckHostName(text) == UriHostNameType.Dns
        ? text.ToLowerInvariant()
        : throw new FormatException("must be a host name such as localhost or s3.example.com, without scheme and port.");
}
