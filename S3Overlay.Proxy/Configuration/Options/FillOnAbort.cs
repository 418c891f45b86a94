namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>What becomes of a running fill whose last reader left (rule C2).</summary>
public enum FillOnAbort
{
    /// <summary>It is finished.</summary>
    Finish,

    /// <summary>It is given up; finished chunks stay.</summary>
    Drop,
}
