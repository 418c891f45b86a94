using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Journals;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Rebuild;

/// <summary>
/// Brings a data folder of version 1 to this version: its records of buckets and uploads and its log of deletes become the first segment of
/// the log of changes, from which, with the object files, the database is built. The old records stay until that is done, so an interrupted
/// migration begins again.
/// </summary>
internal sealed class OldRecords(StoreFolders folders, StoreDisk disk, ILogger logger)
{
    /// <summary>Kinds of records in the old log of deletes.</summary>
    private enum OldKind : byte
    {
        Delete = 1,
        Tombstone = 2,
        Tags = 3,
        Undelete = 4,
        Replacement = 5,
    }

    /// <summary>Writes the log from the old records. What an interrupted migration left is replaced.</summary>
    public void WriteLog()
    {
        Log.MigrationStarted(logger, folders.Root);
        SqliteDatabase.Delete(folders.Database, disk);
        using var log = new ChangeLog(folders.Changes, disk, logger);
        foreach (var segment in log.Segments())
        {
            disk.Remove(log.PathOf(segment));
        }

        log.Replace(2, Changes().Prepend(Change.OfReplacement(0)).Select(static change => Change.Write([change])),
            Path.Combine(folders.Incoming, "changes"));
    }

    /// <summary>Removes the old records, once the database is complete and the folder says that it has the new version.</summary>
    public void Remove()
    {
        new LostFolder(folders, disk).TakeOver(folders.Old.Aside);
        foreach (var folder in folders.Old.All.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private IEnumerable<Change> Changes()
    {
        foreach (var bytes in StoredFiles.Records(folders.Old.Buckets, FileKind.Bucket, logger))
        {
            var record = BucketRecord.Read(bytes);
            yield return Change.OfBucket(record.Name, record);
        }

        foreach (var record in StoredFiles.Records(folders.Old.Uploads, FileKind.Upload, logger))
        {
            yield return Change.OfUpload(UploadRecord.Read(record));
        }

        if (!Directory.Exists(folders.Old.Deletes))
        {
            yield break;
        }

        foreach (var segment in Directory.EnumerateFiles(folders.Old.Deletes, "*.log").Order(StringComparer.Ordinal).ToList())
        {
            foreach (var change in DeletesOf(segment))
            {
                yield return change;
            }
        }
    }

    private IEnumerable<Change> DeletesOf(string segment)
    {
        using var reader = JournalReader.Open(segment);
        while (reader is { IsAtEnd: false })
        {
            var position = reader.Position;
            if (reader.TryRead(out var record))
            {
                if (Read(record.Span) is { } change)
                {
                    yield return change;
                }
            }
            else if (!reader.TryCorrect(out _, out _))
            {
                Log.ChangesLost(logger, segment, position);
                if (!reader.TrySkip())
                {
                    break;
                }
            }
        }
    }

    private static Change? Read(ReadOnlySpan<byte> record)
    {
        var fields = new FieldReader(record);
        var kind = (OldKind)fields.Byte();
        var (sequence, bucket, key, file, tags) = (fields.Fixed(), fields.Text(), fields.Text(), fields.File(), fields.OptionalText());
        return kind switch
        {
            OldKind.Delete => Change.OfDelete(bucket, key, sequence),
            OldKind.Tombstone => Change.OfTombstone(bucket, key, new TombstoneRow(sequence, null, null)),
            OldKind.Tags => Change.OfTags(bucket, key, file, tags),
            OldKind.Undelete => Change.OfUndelete(bucket, key, sequence),
            OldKind.Replacement => null,
            _ => throw new InvalidDataException($"A delete of kind {(byte)kind} is unknown."),
        };
    }
}
