namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>When held copies are compared with the remote (rule S1).</summary>
public enum RevalidationMode
{
    /// <summary>Not at all: a copy stays until it is dropped.</summary>
    Never,

    /// <summary>At each read.</summary>
    Always,

    /// <summary>Once they are older than their life.</summary>
    AfterLife,

    /// <summary>Not at all, and nothing that is held is ever replaced.</summary>
    Frozen,
}
