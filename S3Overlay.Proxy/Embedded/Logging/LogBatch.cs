using System.Buffers;
using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Embedded.Logging;

/// <summary>Records of one bucket that become one log object.</summary>
/// <param name="source">The logged bucket as it was at the first record: when the object is written, it may be gone or another one.</param>
/// <param name="account">The account of the bucket's owner.</param>
/// <param name="opened">The clock's timestamp when its first record came.</param>
/// <param name="day">The day of its first record, in UTC.</param>
internal sealed class LogBatch(BucketRecord source, string account, long opened, DateTime day)
{
    private readonly ArrayBufferWriter<byte> _lines = new(4 << 10);

    public BucketRecord Source => source;

    public string Bucket => source.Name;

    /// <summary>Where the object goes.</summary>
    public LoggingConfiguration Logging { get; } = source.Logging!;

    public string Account => account;

    /// <summary>The clock's timestamp when its first record came.</summary>
    public long Opened { get; } = opened;

    /// <summary>The clock's timestamp when its last record came.</summary>
    public long Last { get; private set; } = opened;

    /// <summary>Names it among batches that are open.</summary>
    public string Name { get; } = NameOf(source.Name, source.Logging!, day);

    public int Length => _lines.WrittenCount;

    /// <summary>How many records it has.</summary>
    public int Count { get; private set; }

    /// <summary>The batch of a record: one per bucket, and per day if keys show the day of the requests.</summary>
    public static string NameOf(string bucket, LoggingConfiguration logging, DateTime day) =>
        logging.KeyFormat == LogKeyFormat.EventTime
            ? string.Create(CultureInfo.InvariantCulture, $"{bucket}/{day:yyyyMMdd}") : bucket;

    /// <summary>Whether records of a bucket belong in it: it is the same bucket, and logs to the same place.</summary>
    public bool IsOf(BucketRecord bucket) => source.Created == bucket.Created
        && source.Documents.GetValueOrDefault(LoggingConfiguration.Name) == bucket.Documents.GetValueOrDefault(LoggingConfiguration.Name)
        && source.Documents.GetValueOrDefault(BucketAccess.OwnerName) == bucket.Documents.GetValueOrDefault(BucketAccess.OwnerName);

    /// <summary>Adds a record.</summary>
    public void Add(string line, long now)
    {
        Last = now;
        Encoding.UTF8.GetBytes(line, _lines);
        _lines.Write("\n"u8);
        Count++;
    }

    /// <summary>The bytes of the object.</summary>
    public byte[] ToArray() => _lines.WrittenSpan.ToArray();

    /// <summary>The object's key, if it is written now.</summary>
    public string KeyAt(DateTimeOffset now) => Logging.KeyOf(
        account, source.Region, source.Name, day, now.UtcDateTime, Random.Shared.NextInt64().ToString("X16", CultureInfo.InvariantCulture));
}
