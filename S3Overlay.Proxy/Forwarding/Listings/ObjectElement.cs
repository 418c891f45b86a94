using System.Globalization;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Forwarding.Listings;

/// <summary>Reads an object in a listing: a <c>Contents</c> or <c>Version</c> element.</summary>
internal static class ObjectElement
{
    /// <summary>Reads an object from its fields. A delete marker has only a name and a date.</summary>
    /// <exception cref="FormatException">A size or date is invalid.</exception>
    /// <exception cref="OverflowException">A size is too large.</exception>
    public static ListingRow Read(List<(string Name, string Value)> fields)
    {
        var (key, size, etag, date, storageClass) = ("", 0L, "", DateTimeOffset.UnixEpoch, "STANDARD");
        var algorithms = new List<string>();
        string? checksumType = null, isRestoring = null, expiry = null;
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "Key":
                    key = value;
                    break;
                case "Size":
                    size = long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
                    break;
                case "ETag":
                    etag = value.Length > 0 && value[0] != '"' ? $"\"{value}\"" : value;
                    break;
                case "LastModified":
                    date = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
                    break;
                case "StorageClass":
                    storageClass = value;
                    break;
                case "ChecksumAlgorithm":
                    algorithms.Add(value);
                    break;
                case "ChecksumType":
                    checksumType = value;
                    break;
                case "RestoreStatus/IsRestoreInProgress":
                    isRestoring = value;
                    break;
                case "RestoreStatus/RestoreExpiryDate":
                    expiry = value;
                    break;
            }
        }

        return new ListingRow(key, new ListedObject(size, etag, date)
        {
            StorageClass = storageClass,
            ChecksumAlgorithms = algorithms,
            ChecksumType = checksumType,
            RestoreStatus = isRestoring is null && expiry is null ? null : new RestoreStatus(isRestoring == "true", expiry),
        });
    }
}
