using System.Buffers;
using System.Globalization;
using System.Text;

using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Embedded.Logging;

/// <summary>Records of one bucket that become one log object.</summary>
/// <param name="bucket">The logged bucket.</param>
/// <param name="logging">Where the object goes.</param>
/// <param name="document">The same as the bucket keeps it.</param>
/// <param name="account">The account of the bucket's owner.</param>
/// <param name="region">The bucket's region.</param>
/// <param name="opened">The clock's timestamp when its first record came.</param>
/// <param name="day">The day of its first record, in UTC.</param>
internal sealed class LogBatch(
    string bucket, LoggingConfiguration logging, string document, string account, string region, long opened, DateTime day)
{
    private readonly ArrayBufferWriter<byte> _lines = new(4 << 10);

    public string Bucket => bucket;

    public LoggingConfiguration Logging => logging;

    public string Account => account;

    /// <summary>What the bucket keeps as its configuration.</summary>
    public string Document => document;

    /// <summary>The clock's timestamp when its first record came.</summary>
    public long Opened { get; } = opened;

    /// <summary>The clock's timestamp when its last record came.</summary>
    public long Last { get; private set; } = opened;

    /// <summary>Names it among batches that are open.</summary>
    public string Name { get; } = NameOf(bucket, logging, day);

    public int Length => _lines.WrittenCount;

    /// <summary>How many records it has.</summary>
    public int Count { get; private set; }

    /// <summary>The batch of a record: one per bucket, and per day if keys show the day of the requests.</summary>
    public static string NameOf(string bucket, LoggingConfiguration logging, DateTime day) =>
        logging.KeyFormat == LogKeyFormat.EventTime
            ? string.Create(CultureInfo.InvariantCulture, $"{bucket}/{day:yyyyMMdd}") : bucket;

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
    public string KeyAt(DateTimeOffset now) => logging.KeyOf(
        account, region, bucket, day, now.UtcDateTime, Random.Shared.NextInt64().ToString("X16", CultureInfo.InvariantCulture));
}
