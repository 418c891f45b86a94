using System.Collections.Immutable;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Websites;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>What the store knows of a bucket name.</summary>
internal sealed record BucketRecord
{
    private const string Tagging = "tagging";

    private static readonly ImmutableSortedDictionary<string, string> NoDocuments =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public required string Name { get; init; }

    /// <summary>False if the record is only a bucket tombstone.</summary>
    public required bool Exists { get; init; }

    /// <summary>True if the remote stays hidden (rule B4).</summary>
    public bool IsOpaque { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required string Region { get; init; }

    /// <summary>Tombstones numbered up to this were removed with the bucket.</summary>
    public ulong PurgedUpTo { get; init; }

    /// <summary>Whether writes keep what they replace.</summary>
    public Versioning Versioning { get; init; }

    /// <summary>Its configuration: documents as they are sent, by sub-resource. What is not set is absent.</summary>
    public ImmutableSortedDictionary<string, string> Documents
    {
        get;
        init
        {
            var before = field.GetValueOrDefault(LifecycleConfiguration.Name);
            field = value;
            ObjectLock = value.TryGetValue(LockConfiguration.Name, out var locking) ? LockConfiguration.Parse(locking) : null;
            Logging = value.TryGetValue(LoggingConfiguration.Name, out var logging) ? LoggingConfiguration.Parse(logging) : null;
            Website = value.TryGetValue(WebsiteConfiguration.Name, out var site) ? WebsiteConfiguration.Parse(site) : null;

            // The same instance while the rules are the same: another one ends a pass of the old rules, and begins one.
            var rules = value.GetValueOrDefault(LifecycleConfiguration.Name);
            Lifecycle = rules is null ? null : rules == before && Lifecycle is not null ? Lifecycle : LifecycleConfiguration.Parse(rules);
        }
    }
    = NoDocuments;

    /// <summary>Its Object Lock, from its documents; null if it is not enabled.</summary>
    public LockConfiguration? ObjectLock { get; private init; }

    /// <summary>Its lifecycle, from its documents; null if it has none.</summary>
    public LifecycleConfiguration? Lifecycle { get; private init; }

    /// <summary>Where the records of its requests go, from its documents; null for nowhere.</summary>
    public LoggingConfiguration? Logging { get; private init; }

    /// <summary>How it answers as a website, from its documents; null if it does not.</summary>
    public WebsiteConfiguration? Website { get; private init; }

    /// <summary>The record with a document; null removes it.</summary>
    public BucketRecord With(string name, string? document) =>
        this with { Documents = document is null ? Documents.Remove(name) : Documents.SetItem(name, document) };

    public static BucketRecord Read(ReadOnlySpan<byte> bytes)
    {
        var fields = new FieldReader(bytes);
        var name = fields.Text();
        var flags = fields.Byte();
        return new BucketRecord
        {
            Name = name,
            Exists = (flags & 1) != 0,
            IsOpaque = (flags & 2) != 0,
            Created = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number()),
            Region = fields.Text(),
            PurgedUpTo = fields.Fixed(),
            Versioning = fields.IsAtEnd ? Versioning.Never : (Versioning)fields.Byte(),
            Documents = ReadDocuments(fields.IsAtEnd ? null : fields.OptionalText(), fields.IsAtEnd ? [] : fields.Block()),
        };
    }

    public ReadOnlyMemory<byte> Write() => new FieldWriter().Text(Name).Byte((byte)((Exists ? 1 : 0) | (IsOpaque ? 2 : 0)))
        .Number(Created.ToUnixTimeMilliseconds()).Text(Region).Fixed(PurgedUpTo)
        .Byte((byte)Versioning).OptionalText(null).Block(WriteDocuments()).WrittenMemory;

    /// <summary>Reads documents.</summary>
    /// <param name="tags">Tags as an earlier version kept them, as a query string; null for none.</param>
    /// <param name="bytes">What <see cref="WriteDocuments"/> wrote; empty for none.</param>
    public static ImmutableSortedDictionary<string, string> ReadDocuments(string? tags, ReadOnlySpan<byte> bytes)
    {
        var documents = tags is null ? NoDocuments : NoDocuments.SetItem(Tagging, ObjectTags.ToXml(tags).TakeText());
        for (var fields = new FieldReader(bytes); !fields.IsAtEnd;)
        {
            documents = documents.SetItem(fields.Text(), fields.Text());
        }

        return documents;
    }

    /// <summary>The documents as bytes.</summary>
    public ReadOnlySpan<byte> WriteDocuments()
    {
        var fields = new FieldWriter();
        foreach (var (name, document) in Documents)
        {
            fields.Text(name).Text(document);
        }

        return fields.Written;
    }
}

/// <summary>The versioning of a bucket. The numbers are on disk.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html</remarks>
internal enum Versioning : byte
{
    /// <summary>Each key has one version, <c>null</c>, which writes replace.</summary>
    Never = 0,

    /// <summary>Each write and delete adds a version with an id of its own.</summary>
    Enabled = 1,

    /// <summary>Writes and deletes replace the version <c>null</c>. Versions with an id stay.</summary>
    Suspended = 2,
}
