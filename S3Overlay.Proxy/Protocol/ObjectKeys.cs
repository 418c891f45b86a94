using System.Globalization;
using System.Text;

namespace S3Overlay.Proxy.Protocol;

/// <summary>Valid keys: UTF-8 text of 1 to 1024 bytes.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html</remarks>
public static class ObjectKeys
{
    /// <summary>The longest key, in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Rejects a key that is too long.</summary>
    /// <exception cref="S3Exception">KeyTooLongError.</exception>
    public static void Check(string key)
    {
        if (IsTooLong(key))
        {
            throw new S3Exception(S3Errors.KeyTooLong)
            {
                Details =
                [
                    new("Size", Encoding.UTF8.GetByteCount(key).ToString(CultureInfo.InvariantCulture)),
                    new("MaxSizeAllowed", MaxBytes.ToString(CultureInfo.InvariantCulture)),
                ],
            };
        }
    }

    /// <summary>Whether no object can have this key.</summary>
    public static bool IsTooLong(string key) => key.Length > MaxBytes / 3 && Encoding.UTF8.GetByteCount(key) > MaxBytes;
}
