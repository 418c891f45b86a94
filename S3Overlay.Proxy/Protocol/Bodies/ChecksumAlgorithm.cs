namespace S3Overlay.Proxy.Protocol.Bodies;

/// <summary>S3's additional checksums. The numbers are stored on disk.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html</remarks>
public enum ChecksumAlgorithm
{
    /// <summary>CRC-32 (ISO-HDLC).</summary>
    Crc32,

    /// <summary>CRC-32C (Castagnoli).</summary>
    Crc32C,

    /// <summary>CRC-64/NVME.</summary>
    Crc64Nvme,

    /// <summary>SHA-1.</summary>
    Sha1,

    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-512.</summary>
    Sha512,

    /// <summary>MD5.</summary>
    Md5,

    /// <summary>XXH64.</summary>
    XxHash64,

    /// <summary>XXH3 of 64 bits.</summary>
    XxHash3,

    /// <summary>XXH3 of 128 bits.</summary>
    XxHash128,
}
