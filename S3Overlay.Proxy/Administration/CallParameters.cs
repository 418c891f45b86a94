using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Administration;

/// <summary>The parameters of a call: each is known and sent once.</summary>
internal sealed class CallParameters
{
    private readonly List<KeyValuePair<string, string>> _sent;

    private CallParameters(List<KeyValuePair<string, string>> sent) => _sent = sent;

    /// <summary>The value of a parameter; null if it was not sent.</summary>
    public string? this[string name] => _sent.Find(parameter => parameter.Key == name) is { Key: not null } found ? found.Value : null;

    /// <summary>The bucket, checked; null if none was sent.</summary>
    /// <exception cref="S3Exception">InvalidBucketName.</exception>
    public string? Bucket => this["bucket"] is { } bucket
        ? BucketNames.IsAddressable(bucket) ? bucket : throw new S3Exception(S3Errors.InvalidBucketName)
        : null;

    /// <summary>The key, checked; null if none was sent.</summary>
    /// <exception cref="S3Exception">KeyTooLongError; InvalidArgument for an empty one.</exception>
    public string? Key
    {
        get
        {
            if (this["key"] is { } key)
            {
                ObjectKeys.Check(key);
                return key.Length > 0 ? key : throw Wrong("key", "is empty");
            }

            return null;
        }
    }

    /// <summary>What keys start with, checked; null if it was not sent.</summary>
    /// <exception cref="S3Exception">KeyTooLongError.</exception>
    public string? Prefix
    {
        get
        {
            if (this["prefix"] is { } prefix)
            {
                ObjectKeys.Check(prefix);
                return prefix;
            }

            return null;
        }
    }

    /// <summary>What the call is about, as far as it says; not checked.</summary>
    public AdministrationScope Target => new(this["bucket"], this["key"], this["prefix"]);

    /// <summary>Reads a query.</summary>
    /// <exception cref="S3Exception">InvalidArgument for a parameter that the call does not have, or that is there twice.</exception>
    public static CallParameters Read(S3Query query, IReadOnlyList<Parameter> known)
    {
        var sent = new List<KeyValuePair<string, string>>();
        foreach (var (name, value) in query.Parameters)
        {
            if (name.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase))
            {
                // Part of a presigned URL.
                continue;
            }

            if (!known.Any(parameter => parameter.Name == name))
            {
                throw new S3Exception(
                    S3Errors.InvalidArgument,
                    $"This call has no parameter \"{name}\". It has: {string.Join(", ", known.Select(static each => each.Name))}.");
            }

            if (sent.Exists(other => other.Key == name))
            {
                throw Wrong(name, "is there twice");
            }

            sent.Add(new(name, value ?? ""));
        }

        return new CallParameters(sent);
    }

    /// <summary>The error for a parameter.</summary>
    public static S3Exception Wrong(string name, string problem) => S3Exception.Argument($"The parameter \"{name}\" {problem}.", name);

    /// <summary>True if the call only counts what it would change.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public bool IsDryRun => Flag(Parameter.DryRun.Name, otherwise: false);

    /// <summary>The bucket, which the call requires.</summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidBucketName.</exception>
    public string RequireBucket() => Bucket ?? throw Wrong("bucket", "is missing");

    /// <summary>A yes or no; <paramref name="otherwise"/> if it was not sent.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public bool Flag(string name, bool otherwise) => this[name] switch
    {
        null => otherwise,
        "true" => true,
        "false" => false,
        _ => throw Wrong(name, "is true or false"),
    };

    /// <summary>A number; <paramref name="otherwise"/> if it was not sent.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public int Number(string name, int least, int most, int otherwise) =>
        this[name] is not { } text ? otherwise
        : WholeNumbers.TryParse(text, out int number) && number >= least && number <= most ? number
        : throw Wrong(name, $"is a number from {least} to {most}");

    /// <summary>The scope of the call: a bucket, a prefix, a key; or with <c>all=true</c>, everything.</summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidBucketName, KeyTooLongError.</exception>
    public AdministrationScope Scope()
    {
        var (bucket, key, prefix) = (Bucket, Key, Prefix);
        if (key is not null && prefix is not null)
        {
            throw Wrong("prefix", "cannot be combined with \"key\"");
        }

        if (Flag("all", otherwise: false))
        {
            return bucket is null && key is null && prefix is null ? AdministrationScope.All : throw Wrong("all", "cannot be combined");
        }

        return bucket is not null
            ? new AdministrationScope(bucket, key, prefix)
            : throw Wrong("bucket", "is missing; all=true is for every bucket");
    }

    /// <summary>The parameters as a query, escaped for the log.</summary>
    public override string ToString() =>
        string.Join('&', _sent.Select(parameter => $"{parameter.Key}={UriEncoding.EncodeKey(parameter.Value)}"));
}
