using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>Finds tests as usual, and one skipped test in place of each method that its class cannot run.</summary>
internal sealed class SkippingDiscoverer(IAssemblyInfo assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
    : XunitTestFrameworkDiscoverer(assembly, sources, diagnostics)
{
    /// <summary>Why a test of a class does not run here, or null.</summary>
    public static string? ReasonToSkip(ITestMethod method)
    {
        foreach (var needs in Attributes<NeedsAttribute>(method.TestClass.Class))
        {
            if (needs.Missing is { } missing)
            {
                return missing;
            }
        }

        return Attributes<LeftOutAttribute>(method.TestClass.Class).FirstOrDefault(left => left.Test == method.Method.Name)?.Reason;
    }

    /// <inheritdoc/>
    protected override bool FindTestsForMethod(
        ITestMethod testMethod, bool includeSourceInformation, IMessageBus messageBus, ITestFrameworkDiscoveryOptions discoveryOptions) =>
        ReasonToSkip(testMethod) is null || !testMethod.Method.GetCustomAttributes(typeof(FactAttribute)).Any()
            ? base.FindTestsForMethod(testMethod, includeSourceInformation, messageBus, discoveryOptions)
            : ReportDiscoveredTestCase(
                new SkippedTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(),
                    discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod),
                includeSourceInformation,
                messageBus);

    private static IEnumerable<T> Attributes<T>(ITypeInfo type)
        where T : Attribute => type.GetCustomAttributes(typeof(T)).OfType<IReflectionAttributeInfo>().Select(info => (T)info.Attribute);
}
