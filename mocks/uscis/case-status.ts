/** Torch's public answer about one case, as `GET /case-status/{receiptNumber}` gives it. */
import type { ElisCase } from "../population/types.ts";

type Sentences = { readonly en: (form: string) => string; readonly es: (form: string) => string };

const sentences: Readonly<Record<ElisCase["status"], Sentences>> = {
  "Case Was Received": {
    en: (form) => `We received your Form ${form}.`,
    es: (form) => `Recibimos su Formulario ${form}.`,
  },
  "Case Was Approved": {
    en: (form) => `We approved your Form ${form}.`,
    es: (form) => `Aprobamos su Formulario ${form}.`,
  },
  "Case Was Denied": {
    en: (form) => `We denied your Form ${form}.`,
    es: (form) => `Denegamos su Formulario ${form}.`,
  },
  "Case Was Withdrawn": {
    en: (form) => `You withdrew your Form ${form}.`,
    es: (form) => `Usted retiró su Formulario ${form}.`,
  },
  "Case Closed": {
    en: (form) => `We closed your Form ${form} without a decision.`,
    es: (form) => `Cerramos su Formulario ${form} sin una decisión.`,
  },
};

/** In: a case that may be shown, and the system's clock. Days are `YYYY-MM-DD`, or null. */
export function caseStatus({ receiptNumber, form, receivedDate, status, statusDate }: ElisCase, asOf: string) {
  const of = (each: ElisCase["status"], date: string | null) => ({
    status: each,
    date: date?.slice(0, 10) ?? null,
    description: sentences[each].en(form),
    descriptionEs: sentences[each].es(form),
  });
  const received = of("Case Was Received", receivedDate);
  return {
    receiptNumber,
    formType: form,
    submittedDate: receivedDate.slice(0, 10),
    modifiedDate: (statusDate ?? receivedDate).slice(0, 10),
    status,
    description: sentences[status].en(form),
    statusEsDesc: sentences[status].es(form),
    historicalCaseStatuses: status === "Case Was Received" ? [received] : [received, of(status, statusDate)],
    asOf,
  };
}
