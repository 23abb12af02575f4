import { authorisationCase } from '../case/authorisation.case.ts'
import { requestCase } from '../case/request.case.ts'

requestCase()
authorisationCase()
